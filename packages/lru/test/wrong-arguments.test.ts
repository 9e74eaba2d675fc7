import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as lru from '../src/index.ts';

const key = randomKey(1);
const x = (width = 4) => tf.ones([1, 3, width]);
const complex = () => ({ re: x(), im: x() });
const state = (width = 4) => tf.ones([1, width]);
const segmentPos = () => tf.tensor2d([[0, 1, 0]], [1, 3], 'int32');
const mask = () => tf.tensor2d([[1, 1, 0]]);
const sizes = { width: 4, heads: 2, minRadius: 0.5, maxRadius: 0.9 };
const ofBlock = { ...sizes, lruWidth: 4, taps: 4, outVariance: 2 };
const ofLru = { width: 4, lruWidth: 3, minRadius: 0.5, maxRadius: 0.9, maxPhase: 1 };
const blockState = () => ({ rgLru: state(), conv: x() });

/** Every public function with arguments that can be wrong, and arguments that are right. */
const functions = {
  linearScan: () => ({ x: x(), a: x(), options: { initialState: state(), reverse: true } }),
  complexLinearScan: () => ({
    ...{ x: complex(), a: complex() },
    options: { initialState: { re: state(), im: state() }, reverse: true },
  }),
  rgLru: () => ({
    ...{ x: x(), params: lru.initRgLru(key, sizes) },
    options: { mask: mask(), state: state(), reverse: true, decayPower: 4 },
  }),
  complexRgLru: () => ({
    ...{ x: x(8), params: lru.initComplexRgLru(key, sizes) },
    options: { segmentPos: segmentPos(), state: state(8), reverse: true, decayPower: 4 },
  }),
  lru: () => ({
    ...{ x: x(), params: lru.initLru(key, ofLru) },
    options: { mask: mask(), state: { re: state(3), im: state(3) }, reverse: true },
  }),
  temporalConv: () => ({
    ...{ x: x(), params: lru.initTemporalConv(key, { width: 4, taps: 4 }) },
    options: { segmentPos: segmentPos(), state: x() },
  }),
  recurrentBlock: () => ({
    ...{ x: x(), params: lru.initRecurrentBlock(key, ofBlock) },
    options: { mask: mask(), state: blockState(), decayPower: 4 },
  }),
  residualBlock: () => ({
    ...{ x: x(), params: lru.initResidualBlock(key, { ...ofBlock, mlpWidth: 3 }) },
    options: { segmentPos: segmentPos(), state: blockState(), decayPower: 4, eps: 1e-6 },
  }),
  gatedMlp: () => ({ x: x(), params: lru.initGatedMlp(key, { width: 4, mlpWidth: 3 }) }),
  initLru: () => ({ key, options: ofLru }),
  initRgLru: () => ({ key, options: sizes }),
  initComplexRgLru: () => ({ key, options: sizes }),
  initTemporalConv: () => ({ key, options: { width: 4, taps: 4 } }),
  initRecurrentBlock: () => ({ key, options: ofBlock }),
  initResidualBlock: () => ({ key, options: { ...ofBlock, mlpWidth: 3 } }),
  initGatedMlp: () => ({ key, options: { width: 4, mlpWidth: 3, outVariance: 2 } }),
} satisfies Partial<Record<keyof typeof lru, () => object>>;

const all = { ...lru };

await describeBackends('a wrong argument', () => {
  it.each(Object.keys(functions) as (keyof typeof functions)[])('of %s is named', (name) =>
    expectNoLeak(() => expectArgumentsNamed(all[name], functions[name])),
  );

  it('is what the parameters and the key of a block are not', () => {
    tf.tidy(() => {
      for (const [params, was] of [
        [undefined, 'undefined'],
        [null, 'null'],
        [3, '3'],
      ] as const) {
        for (const block of [lru.residualBlock, lru.recurrentBlock, lru.rgLru, lru.gatedMlp]) {
          expect(() => block(x(), params as never)).toThrow(
            new TypeError(`params was ${was}; it must be an object of tensors by names`),
          );
        }
      }
      expect(() => lru.initRgLru(7 as never, sizes)).toThrow(
        new TypeError('key was 7; it must be a key, such as randomKey(seed)'),
      );
    });
  });
});
