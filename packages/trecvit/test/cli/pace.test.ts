import { expect, it } from 'vitest';
import { Pace } from '../../src/cli/pace.ts';

it('says once that frames come faster than they are done', () => {
  const pace = new Pace(10);
  const warnings = Array.from({ length: 30 }, () => {
    pace.add(125);
    return pace.warning();
  }).filter((warning) => warning !== undefined);
  expect(warnings).toEqual([
    'this machine takes 125 ms a frame; the model sees 10 a second, so a camera would have to drop frames',
  ]);
  expect(pace.keepsUp).toBe(false);
});

it('forgives one slow frame, and forgets it within seconds', () => {
  const pace = new Pace(10);
  pace.add(500);
  expect(pace.keepsUp).toBe(false);
  for (let frame = 0; frame < 20; frame++) {
    pace.add(20);
    expect(pace.warning()).toBeUndefined();
  }
  expect(pace.keepsUp).toBe(true);
});

it('has the mean of all frames and of those since the last lap', () => {
  const pace = new Pace(10);
  for (const time of [10, 20]) pace.add(time);
  expect(pace.lap()).toBe(15);
  for (const time of [30, 60]) pace.add(time);
  expect(pace.lap()).toBe(45);
  expect(pace.mean).toBe(30);
  expect([pace.frames, pace.seconds]).toEqual([4, 0.4]);
});
