import { FlopCounter, randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type FeedForwardConfig, LanguageModel, languageModelCosts } from '../../src/index.ts';
import { tiny } from '../tiny.ts';

it('counts what is counted by hand', () => {
  // Embedding 11 x 8, last norm 8; each block: two norms of 8, three projections and one of 8 x 8 with 8 biases.
  const outside = 88 + 8 + 2 * (16 + 4 * 72);
  const dense = 8 * 12 + 12 + 12 * 8 + 8;
  const [router, expert] = [8 * 4, 8 * 6 + 6 + 6 * 8 + 8];
  const { parameters, activeParameters, flops, bytes } = languageModelCosts(tiny);
  expect(parameters).toBe(outside + dense + router + 4 * expert);
  expect(activeParameters).toBe(outside + dense + router + 2 * expert);
  expect(bytes).toBe(4 * activeParameters);
  // Projections, scores of and sums over 8 tokens; the last layer.
  const attention = 2 * (4 * 64 + 2 * 8 * 8);
  expect(flops).toBe(2 * attention + 2 * (2 * 96) + 2 * (32 + 2 * 96) + 2 * 88);
});

it.each(['dense', 'moe'] as const)('counts the operations that run, of %s blocks', async (kind) => {
  await useBackend('cpu');
  const layer = { dense: { hidden: 96 }, moe: { experts: 4, topK: 2, hidden: 48 } };
  const config = {
    ...{ vocabulary: 300, width: 32, heads: 1, context: 64 },
    blocks: [{ kind, ...layer[kind] } as FeedForwardConfig, { kind: 'dense', hidden: 64 } as const],
  };
  const model = LanguageModel.init(config, randomKey(1));
  const tokens = tf.zeros([1, config.context], 'int32');
  const counter = new FlopCounter();
  const { logits } = await counter.count(() => model.apply(tokens));
  // Norms, activations and sums are not counted, and are a few percent.
  const ratio = Number(counter.total) / config.context / languageModelCosts(config).flops;
  expect(ratio).toBeGreaterThan(1);
  expect(ratio).toBeLessThan(1.15);
  tf.dispose([tokens, logits]);
  model.dispose();
});
