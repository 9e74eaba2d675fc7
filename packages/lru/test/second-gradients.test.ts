import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectSecondGradients,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, it } from 'vitest';
import {
  complexLinearScan,
  initLru,
  initRecurrentBlock,
  initRgLru,
  initTemporalConv,
  linearScan,
  lru,
  recurrentBlock,
  rgLru,
  temporalConv,
} from '../src/index.ts';

type Params = Record<string, tf.Tensor>;

const withParams: Readonly<
  Record<string, readonly [make: () => Params, f: (x: tf.Tensor, params: Params) => tf.Tensor]>
> = {
  rgLru: [() => initRgLru(randomKey(1), { width: 4, heads: 2 }), (x, params) => rgLru(x, params).y],
  temporalConv: [
    () => initTemporalConv(randomKey(1), { width: 4, taps: 3 }),
    (x, params) => tf.tanh(temporalConv(x, params).y),
  ],
  lru: [
    () => initLru(randomKey(1), { width: 4, minRadius: 0.5, maxRadius: 0.9, maxPhase: 1 }),
    (x, params) => lru(x, params).y,
  ],
  recurrentBlock: [
    () => initRecurrentBlock(randomKey(1), { width: 4, heads: 2 }),
    (x, params) => recurrentBlock(x, params).y,
  ],
};

await describeBackends('gradients of gradients', () => {
  beforeAll(() => poisonMemory());

  it.each(Object.entries(withParams))('%s', async (_name, [make, f]) => {
    const params = make();
    const names = Object.keys(params);
    const x = randomTensor(randomKey('x'), [2, 5, 4]);
    const op = (...[first, ...rest]: tf.Tensor[]) =>
      f(
        first as tf.Tensor,
        Object.fromEntries(names.map((name, index) => [name, rest[index] as tf.Tensor])),
      );
    await expectSecondGradients(op, [x, ...Object.values(params)]);
    tf.dispose([x, params]);
  });

  it('linearScan', async () => {
    const inputs = [0, 1].map((index) => randomTensor(randomKey('scan', index), [2, 5, 3]));
    await expectSecondGradients(
      (x, a) => linearScan(x as tf.Tensor, tf.sigmoid(a as tf.Tensor)).y,
      inputs,
    );
    tf.dispose(inputs);
  });

  it('complexLinearScan', async () => {
    const inputs = [0, 1, 2, 3].map((index) =>
      randomTensor(randomKey('complex', index), [2, 5, 3]),
    );
    const op = (...[xRe, xIm, aRe, aIm]: tf.Tensor[]) => {
      const { y } = complexLinearScan(
        { re: xRe as tf.Tensor, im: xIm as tf.Tensor },
        { re: tf.mul(aRe as tf.Tensor, 0.4), im: tf.mul(aIm as tf.Tensor, 0.4) },
      );
      return tf.mul(y.re, y.im);
    };
    await expectSecondGradients(op, inputs);
    tf.dispose(inputs);
  });
});
