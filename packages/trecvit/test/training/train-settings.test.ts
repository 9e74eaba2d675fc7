import { warmupCosine } from '@neverend/optim';
import { expect, it } from 'vitest';
import { mirroredLabels, resolveSettings } from '../../src/training/train-settings.ts';

const source = {
  classNames: ['left', 'up', 'right', 'still', 'turn in', 'turn out'],
  labels: Array.from({ length: 100 }, (_, video) => video % 6),
};

it("has the paper's settings where nothing is said", () => {
  const settings = resolveSettings({}, source);
  expect(settings).toMatchObject({
    ...{ learningRate: 1e-4, weightDecay: 0.03, labelSmoothing: 0.1 },
    ...{ scaleJitter: [0.875, 1.33], clips: 4, crops: 3, flips: 'none', frozen: [] },
    // 30 epochs of 100 videos, 8 at a time.
    ...{ steps: 375, warmupSteps: 37, evaluateEvery: 13 },
  });
  const long = resolveSettings({ steps: 100_000, batchSize: undefined as never }, source);
  expect(long).toMatchObject({ warmupSteps: 1000, batchSize: 8 });
});

it('has rates that rise to the peak and fall by half a cosine to 0', () => {
  const { learningRate, warmupSteps, steps } = resolveSettings(
    { steps: 110, warmupSteps: 10 },
    source,
  );
  const rate = warmupCosine({ peak: learningRate, warmupSteps, totalSteps: steps });
  expect(rate(1)).toBeCloseTo(1e-5, 12);
  expect(rate(10)).toBe(1e-4);
  expect(rate(35)).toBeCloseTo((1e-4 * (1 + Math.SQRT1_2)) / 2, 12);
  expect(rate(60)).toBeCloseTo(5e-5, 12);
  expect(rate(110)).toBe(0);
});

it('swaps the classes that a mirror swaps, and leaves the others', () => {
  const flips = [
    ['left', 'right'],
    ['turn in', 'turn out'],
  ] as const;
  expect(mirroredLabels(flips, source.classNames)).toEqual([2, 1, 0, 3, 5, 4]);
  expect(mirroredLabels([], source.classNames)).toEqual([0, 1, 2, 3, 4, 5]);
});

it.each([
  [{ epoch: 3 }, 'settings has no option "epoch"'],
  [{ epochs: 3, steps: 3 }, 'epochs and steps were both given'],
  [{ batchSize: 8, accumulate: 3 }, 'accumulate was 3; it must divide batchSize, which is 8'],
  [{ steps: 5, warmupSteps: 5 }, 'warmupSteps was 5; it must be below the 5 steps'],
  [{ labelSmoothing: 1 }, 'labelSmoothing was 1; it must be below 1'],
  [{ learningRate: Number.NaN }, 'learningRate was NaN'],
  [{ clipNorm: 0 }, 'clipNorm was 0; it must be above 0'],
  [{ clipNorm: '1' }, 'clipNorm was "1"; it must be above 0'],
  [{ averageDecay: '0.9' }, 'averageDecay was "0.9"; it must be in [0, 1)'],
  [{ averageDecay: 1 }, 'averageDecay was 1; it must be in [0, 1)'],
  [{ scaleJitter: [2, 1] }, 'scaleJitter was [2, 1]'],
  [{ flips: [['left', 'rihgt']] }, 'flips had the class "rihgt"'],
  [
    {
      flips: [
        ['left', 'right'],
        ['up', 'left'],
      ],
    },
    'flips had a class twice',
  ],
  [{ steps: 0 }, 'steps was 0; it must be a positive integer'],
  [{ seed: 0.5 }, 'seed was 0.5; it must be an integer'],
])('refuses %j', (settings, message) => {
  expect(() => resolveSettings(settings as never, source)).toThrow(message);
});
