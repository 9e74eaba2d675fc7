import { encoder } from '@neverend/attention';
import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, expectTensorClose } from '@neverend/backend/testing';
import { linear, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  type FullAttentionConfig,
  fullAttention,
  fullAttentionFlops,
  fullAttentionParameters,
  fullAttentionTokens,
  initFullAttention,
  vivitL,
} from '../../src/compare/full-attention.ts';

const small: FullAttentionConfig = {
  ...{ layers: 2, width: 8, mlpWidth: 12, heads: 2 },
  ...{ patch: 4, imageSize: [8, 12], channels: 3, classes: 5 },
};

describe('the numbers of ViViT-L with full attention', () => {
  it('are the parameters of ViT-L, with positions of 32 frames: within half a percent of the 310.9 M in the paper', () => {
    // 24 encoder blocks of ViT-L as in TRecViT-L; patches, positions, a norm, and the last layer.
    const byHand = 302_309_376 + 787_456 + 6272 * 1024 + 2048 + 410_000;
    expect(fullAttentionParameters(vivitL, 32)).toBe(byHand);
    expect(Math.abs(byHand / 310.9e6 - 1)).toBeLessThan(0.005);
  });

  it('are its operations: within 2 % of the 7.75 T that table 2 of the paper has for 32 frames', () => {
    const tokens = 32 * 196;
    // Four projections, an MLP of four times the width, scores and what they weigh.
    const block = tokens * (12 * 1024 * 1024) + 2 * tokens * tokens * 1024;
    const byHand = 2 * (24 * block + tokens * 768 * 1024 + 1024 * 400);
    expect(fullAttentionTokens(vivitL, 32)).toBe(tokens);
    expect(fullAttentionFlops(vivitL, 32)).toBe(byHand);
    expect(Math.abs(byHand / 7.75e12 - 1)).toBeLessThan(0.02);
  });
});

await describeBackends('full attention', () => {
  const clip = (frames: number) =>
    tf.tensor(
      Array.from({ length: frames * 8 * 12 * 3 }, (_, at) => Math.sin(at) ** 2),
      [1, frames, 8, 12, 3],
    );

  it('has the parameters that it counts', () => {
    const params = initFullAttention(randomKey(1), small, 3);
    const numbers = Object.values(params).reduce((sum, { size }) => sum + size, 0);
    expect(numbers).toBe(fullAttentionParameters(small, 3));
    tf.dispose(params);
  });

  it("is `attention`'s encoder on the patches of all frames, on their mean a linear layer", async () => {
    const params = initFullAttention(randomKey(1), small, 3);
    const video = clip(3);
    await expectNoLeak(async () => {
      const actual = fullAttention(video, params, small);
      const expected = tf.tidy(() => {
        // A patch is 4 rows of 4 pixels; frames have 2 x 3 of them.
        const patches = [0, 1, 2].flatMap((frame) =>
          [0, 4].flatMap((row) =>
            [0, 4, 8].map((column) =>
              tf.reshape(tf.slice(video, [0, frame, row, column, 0], [1, 1, 4, 4, 3]), [48]),
            ),
          ),
        );
        const of = (name: string) => params[name] as tf.Tensor;
        const embedded = linear(tf.stack(patches), of('embedding/kernel'), of('embedding/bias'));
        const tokens = tf.add(tf.expandDims(embedded, 0), of('pos_embedding'));
        const y = encoder(tokens, subtree(params, 'encoder/'), { depth: 2, heads: 2 });
        return linear(tf.mean(y, 1), of('head/kernel'), of('head/bias'));
      });
      const data = Array.from(await expected.data());
      await expectTensorClose(actual, { shape: expected.shape, data }, { rtol: 1e-4, atol: 1e-5 });
      tf.dispose([actual, expected]);
    });
    tf.dispose([params, video]);
  });

  it('takes fewer frames than it has positions for, and refuses more', () => {
    const params = initFullAttention(randomKey(1), small, 2);
    const [short, long] = [clip(1), clip(3)];
    const logits = fullAttention(short, params, small);
    expect(logits.shape).toEqual([1, 5]);
    expect(() => fullAttention(long, params, small)).toThrow(
      'video had 18 patches; there are positions of 12',
    );
    tf.dispose([params, short, long, logits]);
  });
});
