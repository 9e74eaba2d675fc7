import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initParams, type LanguageModelConfig } from '../../src/index.ts';
import { type TokenStream, usageOfBlocks } from '../../src/training/index.ts';
import { tiny } from '../tiny.ts';

/** The tokens 0, 1, 2 and a boundary; each head picks one of 3 x 2 experts. */
const config: LanguageModelConfig = {
  ...{ vocabulary: 4, width: 4, heads: 1, context: 4 },
  blocks: [{ kind: 'peer', heads: 2, k: 1, sizes: [3, 2], keyWidth: 1, norm: 'none' }],
};

/** Two documents, `0 0 1` and `2`. */
const stream: TokenStream = {
  ...{ tokens: Uint16Array.of(3, 0, 0, 1, 3, 2), boundary: 3 },
  byteLengths: Uint16Array.of(1, 1, 1, 0),
};

/** Attention adds nothing, so that experts are picked by the token alone. */
function params(): Record<string, tf.Tensor> {
  const one = initParams(config, randomKey(1));
  const set = (name: string, values: readonly number[]) => {
    const before = one[`${name}`] as tf.Tensor;
    one[name] = tf.tensor([...values], before.shape);
    before.dispose();
  };
  set('embedding', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  for (const name of Object.keys(one).filter((of) => of.includes('/attention/'))) {
    set(name, new Array((one[name] as tf.Tensor).size).fill(0));
  }
  const layer = 'block_00/feed_forward';
  // Of each token, by head and set, -1 for the first key and 1 for the second.
  const queries = [
    [-1, -1, -1, 1],
    [1, -1, 1, -1],
    [1, -1, 1, -1],
    [1, 1, 1, 1],
  ];
  set(`${layer}/query/kernel`, queries.flat());
  set(`${layer}/query/bias`, [0, 0, 0, 0]);
  // The third one of the first set is never the best.
  set(`${layer}/keys/0`, [-1, 1, 0, -1, 1, 0]);
  set(`${layer}/keys/1`, [-1, 1, -1, 1]);
  return one;
}

await describeBackends(
  'usageOfBlocks',
  () => {
    it('counts what can be counted by hand, each token once', async () => {
      await expectNoLeak(async () => {
        const own = params();
        const { 0: usage, ...others } = await usageOfBlocks(own, config, stream, { rows: 1 });
        expect(others).toEqual({});
        // What comes after the boundary twice, and after 0 twice; nothing is foretold after 1 and 2.
        expect([...(usage?.picks ?? [])]).toEqual([2, 2, 0, 4, 0, 0]);
        const report = usage?.report();
        expect(report).toMatchObject({ tokens: 4, items: 6, coverage: 1 / 2, headOverlap: 1 / 2 });
        expect(report?.deadKeys).toEqual([[2], []]);
        expect(report?.unevenness).toBeCloseTo(Math.log(6) - 1.5 * Math.log(2), 6);
        expect(report?.effectiveItems).toBeCloseTo(2 ** 1.5, 5);
        tf.dispose(own);
      });
    });

    it('counts experts of a mixture, and refuses a model of which no block picks', async () => {
      const own = initParams(tiny, randomKey(1));
      const byteLengths = new Uint16Array(tiny.vocabulary);
      const two = await usageOfBlocks(own, tiny, { ...stream, byteLengths });
      expect(two[1]?.picks.reduce((sum, count) => sum + count)).toBe(2 * 4);
      expect(two[1]?.report()).toMatchObject({ tokens: 4, items: 4, headOverlap: 0 });
      tf.dispose(own);
      const dense = { ...tiny, blocks: tiny.blocks.slice(0, 1) };
      await expect(usageOfBlocks({}, dense, stream)).rejects.toThrow(
        'no block of the model picks experts or values; they are: dense',
      );
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
