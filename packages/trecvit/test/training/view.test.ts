import { randomKey } from '@neverend/backend';
import { expect, it } from 'vitest';
import { resolveSettings } from '../../src/training/train-settings.ts';
import { drawsOf, evaluationViews, trainingView } from '../../src/training/view.ts';

const format = {
  frames: 4,
  imageSize: [224, 224],
  input: { framesPerSecond: 12, crop: 'centre', range: [0, 1] },
} as const;
const picture = { rows: 256, columns: 340 };
const source = { classNames: ['left', 'right', 'up'], labels: [0, 1, 2] };
const draw = (number: number) => drawsOf(randomKey('draw', number));

it('draws windows as the paper scales: sides of 224 out of shorter sides from 224 to 340', () => {
  const { scaleJitter, flips } = resolveSettings({}, source);
  const [zooms, edges]: [number[], number[]] = [[], []];
  for (let number = 0; number < 2000; number++) {
    const view = trainingView(picture, format, draw(number), { scaleJitter, flips });
    expect(view.rows).toBeCloseTo(view.columns, 9);
    edges.push(view.top, view.left, 256 - view.top - view.rows, 340 - view.left - view.columns);
    // The shorter side of a picture that is scaled until the window has 224 pixels.
    zooms.push((256 * 224) / view.rows);
    expect(view.mirrored).toBe(false);
  }
  expect(Math.min(...edges)).toBeGreaterThan(-1e-9);
  expect(Math.min(...zooms)).toBeGreaterThanOrEqual(224);
  expect(Math.min(...zooms)).toBeLessThan(225);
  expect(Math.max(...zooms)).toBeLessThanOrEqual(340.5);
  expect(Math.max(...zooms)).toBeGreaterThan(339);
  expect(zooms.reduce((sum, zoom) => sum + zoom) / 2000).toBeCloseTo((224 + 340.48) / 2, -1);
});

it('takes the middle where nothing is to be drawn, and mirrors half of the clips where it may', () => {
  const settings = { scaleJitter: 'none', flips: [] } as const;
  const views = Array.from({ length: 2000 }, (_, number) =>
    trainingView(picture, format, draw(number), settings),
  );
  const middle = { top: 0, left: 42, rows: 256, columns: 256 };
  for (const view of views) expect(view).toMatchObject(middle);
  const mirrored = views.filter((view) => view.mirrored).length;
  expect(Math.abs(mirrored - 1000)).toBeLessThan(100);
});

it('evaluates three crops along the longer side, one of a picture that has the shape of the model', () => {
  const across = evaluationViews(picture, format, 3);
  expect(across.map(({ left }) => left)).toEqual([0, 42, 84]);
  expect(across.map(({ top }) => top)).toEqual([0, 0, 0]);
  const down = evaluationViews({ rows: 340, columns: 256 }, format, 3);
  expect(down.map(({ top }) => top)).toEqual([0, 42, 84]);
  expect(evaluationViews({ rows: 100, columns: 100 }, format, 3)).toEqual([
    { top: 0, left: 0, rows: 100, columns: 100, mirrored: false },
  ]);
});

it('sees the whole picture where it is to be squeezed', () => {
  const squeezed = { ...format, input: { ...format.input, crop: 'squeeze' } } as const;
  const whole = { top: 0, left: 0, rows: 256, columns: 340, mirrored: false };
  expect(evaluationViews(picture, squeezed, 3)).toEqual([whole]);
});
