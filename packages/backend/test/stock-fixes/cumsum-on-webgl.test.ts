import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runsInBrowser } from '../../src/testing/find-chromium.ts';
import { openSite } from '../../src/testing/op-cases/open-site.ts';

const contents = `
  import '@tensorflow/tfjs-backend-webgl';
  import { registerStockFixes } from '@neverend/backend';
  import * as tf from '@tensorflow/tfjs-core';
  Object.assign(globalThis, { registerStockFixes, tf });
`;

interface PageGlobals {
  registerStockFixes: typeof import('../../src/index.ts').registerStockFixes;
  tf: typeof import('@tensorflow/tfjs-core');
}

describe.runIf(runsInBrowser())('cumsum and cumprod on webgl in a browser', () => {
  it('are wrong along an axis counted from the end in stock TensorFlow.js, and mended', async () => {
    const resolveDir = fileURLToPath(new URL('.', import.meta.url));
    const site = await openSite({ stdin: { contents, resolveDir } }, 'tf');
    try {
      const outcomes = await (await site.open()).evaluate(async () => {
        const { registerStockFixes, tf } = globalThis as unknown as PageGlobals;
        await tf.setBackend('webgl');
        const x = tf.tensor3d([1, 2, 3, 4, 5, 6], [2, 3, 1]);
        const compute = () =>
          [() => tf.cumsum(x, -2), () => tf.cumprod(x, -3, true)].map((work) => {
            try {
              return [...work().dataSync()];
            } catch (error) {
              return String(error);
            }
          });
        const stock = compute();
        registerStockFixes();
        return { stock, ours: compute() };
      });
      const [sums, products] = [
        [1, 3, 6, 4, 9, 15],
        [1, 1, 1, 1, 2, 3],
      ];
      expect(outcomes.stock[0]).not.toEqual(sums);
      expect(outcomes.stock[1]).not.toEqual(products);
      expect(outcomes.ours).toEqual([sums, products]);
    } finally {
      await site.close();
    }
  });
});
