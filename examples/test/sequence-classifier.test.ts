import { useBackend } from '@neverend/backend';
import { expect, it } from 'vitest';
import { train } from '../src/sequence-classifier.ts';

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

it('remembers the first step with a recurrent block, whose training step is faster than that of an LSTM', async () => {
  await useBackend('wasm');
  const block = await train('recurrent block', { length: 24, width: 16, steps: 120 });
  // Four classes: guessing has a loss of ln 4.
  expect(mean(block.losses.slice(0, 5))).toBeGreaterThan(1);
  expect(mean(block.losses.slice(-10))).toBeLessThan(0.5 * Math.log(4));

  const lstm = await train('lstm', { length: 24, width: 16, steps: 8 });
  expect(lstm.losses.every(Number.isFinite)).toBe(true);
  expect(block.msPerStep).toBeLessThan(lstm.msPerStep);
});
