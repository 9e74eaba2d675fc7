import { randomKey } from '@neverend/backend';
import { describeBackends, expectTensorClose, tolerances } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initTRecViT } from '../src/index.ts';
import { tiny } from './tiny.ts';

await describeBackends('parameters to start with', (backend) => {
  const close = tolerances[backend];

  it('have the deviations of the official code', async () => {
    const sizes = { layers: 3, width: 64, mlpWidth: 160, heads: 4, lruWidth: 128, gateBlocks: 2 };
    const config = { ...tiny, ...sizes, headWidth: 96, classes: 50, imageSize: [64, 64] as const };
    const params = initTRecViT(randomKey(1), config);
    const [residual, encoder] = ['encoder/residualblock_01/', 'encoder/encoderblock_1/'];
    const attention = `${encoder}MultiHeadDotProductAttention_0/`;
    const expected: Record<string, number> = {
      // LeCun: 1 / inputs. Positions: 1 / D.
      'tokenizer/embedding/kernel': 1 / Math.sqrt(4 * 4 * 3),
      'tokenizer/pos_embedding': 1 / Math.sqrt(64),
      'decoder/pre_logits/kernel': 1 / Math.sqrt(64),
      'decoder/cls_head/kernel': 1 / Math.sqrt(96),
      // RecurrentGemma: 1 / inputs; gates as if they were dense; 2 / L for the last.
      [`${residual}recurrent_block/linear_x/kernel`]: 1 / Math.sqrt(64),
      [`${residual}recurrent_block/linear_y/kernel`]: 1 / Math.sqrt(64),
      [`${residual}recurrent_block/linear_out/kernel`]: Math.sqrt(2 / 3 / 128),
      [`${residual}recurrent_block/rg_lru/input_gate/w`]: 1 / Math.sqrt(128),
      [`${residual}recurrent_block/rg_lru/a_gate/w`]: 1 / Math.sqrt(128),
      [`${residual}recurrent_block/conv_1d/w`]: 0.05,
      // Xavier: 2 / (inputs + outputs).
      [`${attention}query/kernel`]: Math.sqrt(2 / 128),
      [`${attention}key/kernel`]: Math.sqrt(2 / 128),
      [`${attention}value/kernel`]: Math.sqrt(2 / 128),
      [`${attention}out/kernel`]: Math.sqrt(2 / 128),
      [`${encoder}MlpBlock_0/Dense_0/kernel`]: Math.sqrt(2 / (64 + 160)),
      [`${encoder}MlpBlock_0/Dense_1/kernel`]: Math.sqrt(2 / (64 + 160)),
    };
    for (const [name, deviation] of Object.entries(expected)) {
      const numbers = Array.from(await (params[name] as tf.Tensor).data());
      const sum = numbers.reduce((total, x) => total + x, 0);
      const squares = numbers.reduce((total, x) => total + x * x, 0);
      // To four deviations of as many normal draws.
      const near = 4 / Math.sqrt(numbers.length);
      expect(Math.abs(sum / numbers.length / deviation), name).toBeLessThan(near);
      const ratio = Math.sqrt(squares / numbers.length) / deviation;
      expect(Math.abs(ratio - 1), name).toBeLessThan(near / Math.SQRT2);
    }
    tf.dispose(params);
  });

  it('are 0 or 1 where the official code has them so, and eigenvalues lie in their ring', async () => {
    const params = initTRecViT(randomKey(2), { ...tiny, minRadius: 0.6, maxRadius: 0.7 });
    const drawn = /kernel$|\/w$|pos_embedding$/;
    for (const [name, param] of Object.entries(params)) {
      if (drawn.test(name)) continue;
      if (name.endsWith('a_param')) {
        const radii = Array.from(await param.data(), (value) => 1 / (1 + Math.exp(value)));
        expect(Math.min(...radii)).toBeGreaterThan(0.6 - 1e-5);
        expect(Math.max(...radii)).toBeLessThan(0.7 + 1e-5);
        continue;
      }
      const one = /(LayerNorm_\d|encoder_norm)\/scale$/.test(name) ? 1 : 0;
      await expectTensorClose(param, new Array(param.size).fill(one), close);
    }
    tf.dispose(params);
  });

  it('are the same for the same key, and others for another', async () => {
    const draw = async (key: number) => {
      const params = initTRecViT(randomKey(key), tiny);
      const kernel = await (params['decoder/cls_head/kernel'] as tf.Tensor).data();
      tf.dispose(params);
      return kernel;
    };
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});
