import { FlopCounter, randomKey, useBackend } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokensOf } from '../src/config.ts';
import {
  forward,
  paramShapes,
  productFlops,
  stateBytes,
  TRecViT,
  type TRecViTConfig,
  trecvitConfig,
} from '../src/index.ts';
import { namedState } from '../src/state.ts';
import { tiny } from './tiny.ts';

/** What the counter has of a forward pass, whose operations do not depend on the numbers. */
async function counted(config: TRecViTConfig, frames: number): Promise<number> {
  const params = Object.fromEntries(
    Object.entries(paramShapes(config)).map(([name, shape]) => [name, tf.zeros([...shape])]),
  );
  const video = tf.zeros([1, frames, ...config.imageSize, config.channels]);
  const counter = new FlopCounter();
  await counter.count(() => tf.dispose(forward(video, params, config)));
  tf.dispose([params, video]);
  return Number(counter.total);
}

/**
 * What kernels count of the layers beside products. For each token: for a channel of the recurrent unit the convolution, gates, scan
 * and GELU; for a channel of the width norms, biases and sums; for one inside the MLP a bias and GELU; for a head softmax over all tokens.
 */
function besideProducts(config: TRecViTConfig, frames: number): number {
  const { layers, width, lruWidth, mlpWidth, heads } = config;
  const tokens = tokensOf(config);
  const ofToken = 41 * lruWidth + 31 * width + 9 * mlpWidth + 5 * heads * tokens;
  return frames * layers * tokens * ofToken;
}

describe('the operations of products', () => {
  beforeAll(async () => {
    await useBackend('wasm');
  });

  it.each(
    (['Ti', 'S', 'B', 'L'] as const).flatMap((size) =>
      (['released', 'paper'] as const).map((form) => [size, form] as const),
    ),
  )(
    'of a layer of %s as %s are what kernels count, less what they count beside',
    async (size, form) => {
      const one = trecvitConfig(size, form, { layers: 1 });
      const two = { ...one, layers: 2 };
      const products = productFlops(two, 1) - productFlops(one, 1);
      const layer = (await counted(two, 1)) - (await counted(one, 1));
      expect(layer - besideProducts(one, 1)).toBe(products);
    },
  );

  // Tokenizer and head have norms, biases and sums of their own, below a hundredth.
  const expectProducts = (count: number, products: number) =>
    expect(Math.abs(count / products - 1)).toBeLessThan(0.01);
  const base = trecvitConfig('Ti', 'released', { layers: 1, imageSize: [64, 64] });

  // Each product grows with its own sizes, so that a wrong one cannot hide behind the others.
  it.each([
    { layers: 3 },
    { lruWidth: 768 },
    { gateBlocks: 1 },
    { mlpWidth: 1536 },
    { headWidth: 6000 },
    { classes: 4000 },
    { channels: 9 },
    { imageSize: [128, 64] },
    { pooling: 'average' },
    { width: 384, heads: 6 },
  ] as Partial<TRecViTConfig>[])('grow as those of kernels do with %j', async (changes) => {
    const config = { ...base, ...changes };
    const grown = (await counted(config, 2)) - (await counted(base, 2));
    const beside = besideProducts(config, 2) - besideProducts(base, 2);
    expectProducts(grown - beside, productFlops(config, 2) - productFlops(base, 2));
  });

  it('grow with the frames, but for the last layer', async () => {
    const grown = (await counted(base, 4)) - (await counted(base, 2));
    const beside = besideProducts(base, 4) - besideProducts(base, 2);
    expectProducts(grown - beside, productFlops(base, 4) - productFlops(base, 2));
  });
});

await describeBackends('the bytes of a state', () => {
  it.each([
    ['a half-life', {}, 1],
    ['a window', { window: 3 }, 3],
    ['no class token', { pooling: 'average' as const }, 1],
  ])('are those of its tensors, with %s', (_, given, window) => {
    const { pooling = tiny.pooling, ...options } = { pooling: undefined, ...given };
    const model = TRecViT.init({ ...tiny, pooling }, randomKey(1));
    const stream = model.stream({ batch: 2, ...options });
    const video = tf.zeros([2, 3, 8, 12, 3]);
    stream.push(video).dispose();
    const { model: state } = stream.state();
    if (state === undefined) throw new Error('a stream that has seen frames has a state');
    const bytes = Object.values(namedState(state)).map((tensor) => 4 * tensor.size);
    expect(bytes.reduce((a, b) => a + b, 0)).toBe(stateBytes(model.config, { batch: 2, window }));
    tf.dispose([video, state]);
    stream.dispose();
    model.dispose();
  });
});
