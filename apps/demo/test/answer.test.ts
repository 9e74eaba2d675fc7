import { expect, it } from 'vitest';
import { Announcer, answerOf, knowledgeOf } from '../src/answer.ts';

const left = { index: 0, probability: 0.8, name: 'left' };

it('is not sure below the threshold, and says of what', () => {
  expect(answerOf([left], 0.8)).toEqual({ sure: true, name: 'left', detail: '80 %' });
  expect(answerOf([left], 0.81)).toEqual({
    sure: false,
    name: 'Not sure',
    detail: 'perhaps left, 80 %',
  });
  expect(answerOf([{ index: 3, probability: 0.6 }], 0.5).name).toBe('class 3');
});

it('says what a model can say', () => {
  expect(knowledgeOf({ classes: 3, classNames: ['up', 'down', 'still'] })).toBe(
    'It knows up, down and still.',
  );
  expect(knowledgeOf({ classes: 400 })).toBe('It tells 400 classes apart.');
});

it('reads an answer once it has stood for a second, and once', () => {
  const announcer = new Announcer(1);
  const spoken = Array.from({ length: 40 }, (_, frame) =>
    announcer.hear(frame < 20 ? 'left' : 'right', frame / 10),
  );
  expect(spoken.flatMap((name, frame) => (name === undefined ? [] : [[frame, name]]))).toEqual([
    [10, 'left'],
    [30, 'right'],
  ]);
});

it('reads nothing while answers change with every frame', () => {
  const announcer = new Announcer(1);
  for (let frame = 0; frame < 100; frame++) {
    expect(announcer.hear(frame % 2 === 0 ? 'up' : 'down', frame / 10)).toBeUndefined();
  }
});

it('reads the same answer again for another video', () => {
  const announcer = new Announcer(1);
  announcer.hear('up', 0);
  expect(announcer.hear('up', 1)).toBe('up');
  announcer.reset();
  expect(announcer.hear('up', 2)).toBeUndefined();
  expect(announcer.hear('up', 3)).toBe('up');
});
