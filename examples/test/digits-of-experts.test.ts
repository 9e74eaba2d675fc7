import { useBackend } from '@neverend/backend';
import { expect, it } from 'vitest';
import { train } from '../src/digits-of-experts.ts';

it('names digits by experts, of which many are in use', async () => {
  await useBackend('wasm');
  const { accuracy, coverage } = await train(60);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(coverage).toBeGreaterThan(0.1);
});
