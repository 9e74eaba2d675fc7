import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type Complex,
  complexRgLru,
  initComplexRgLru,
  initLru,
  initRecurrentBlock,
  initResidualBlock,
  initRgLru,
  initTemporalConv,
  lru,
  recurrentBlock,
  residualBlock,
  rgLru,
  type SequenceOptions,
  temporalConv,
} from '../src/index.ts';

type State = tf.Tensor | Readonly<Record<string, tf.Tensor>> | Complex;
type Call = (
  x: tf.Tensor,
  params: Params,
  options: SequenceOptions<never>,
) => { y: tf.Tensor; state: State };

const key = randomKey(1);
const units: Readonly<Record<string, readonly [Call, () => Params]>> = {
  rgLru: [rgLru, () => initRgLru(key, { width: 4, heads: 2 })],
  complexRgLru: [complexRgLru, () => initComplexRgLru(key, { width: 2, heads: 2 })],
  lru: [lru, () => initLru(key, { width: 4, lruWidth: 3 })],
  temporalConv: [temporalConv, () => initTemporalConv(key, { width: 4 })],
  recurrentBlock: [recurrentBlock, () => initRecurrentBlock(key, { width: 4, heads: 2 })],
  residualBlock: [residualBlock, () => initResidualBlock(key, { width: 4, heads: 2, mlpWidth: 5 })],
};

/** Every tensor of a state, put through `change`. */
function mapState(state: State, change: (tensor: tf.Tensor) => tf.Tensor): State {
  return state instanceof tf.Tensor
    ? change(state)
    : Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part)]));
}

await describeBackends(
  'a row that begins anew',
  (backend) => {
    it.each(
      Object.keys(units).flatMap((name) =>
        [0, 1, 2, 3].map((step) => ({ name, step, other: step < 2 ? 2 : 0 })),
      ),
    )(
      'keeps the gradient of $name from what is not finite in the other sequence, at step $step',
      async ({ name, step, other }) => {
        const [call, init] = units[name] as (typeof units)[string];
        const params = init();
        const segmentPos = tf.tensor2d([0, 1, 0, 1], [1, 4], 'int32');
        const clean = randomTensor(randomKey('x'), [1, 4, 4]);
        const here = tf.oneHot(tf.scalar(step, 'int32'), 4, 1, 0, 'bool');
        const ofOther = (x: tf.Tensor) => tf.slice(x, [0, other, 0], [1, 2, 4]);
        const slope = (x: tf.Tensor) => {
          const loss = (at: tf.Tensor) =>
            tf.sum(tf.square(ofOther(call(at, params, { segmentPos }).y)));
          return tf.tidy(() => ofOther(tf.grad(loss)(x)));
        };
        const expected = slope(clean);
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
          const x = tf.where(tf.reshape(here, [1, 4, 1]), tf.fill([1, 4, 4], value), clean);
          const actual = slope(x);
          await expectTensorClose(actual, { shape: [1, 2, 4], data: await expected.data() });
          tf.dispose([x, actual]);
        }
        tf.dispose([params, segmentPos, clean, here, expected]);
      },
    );

    it.each(Object.keys(units))(
      'forgets a state that is not finite, and its neighbour keeps its own: %s',
      async (name) => {
        const [call, init] = units[name] as (typeof units)[string];
        const results = tf.tidy(() => {
          const params = init();
          const x = randomTensor(randomKey('x'), [2, 3, 4]);
          const segmentPos = tf.tensor2d([0, 1, 2, 7, 8, 9], [2, 3], 'int32');
          const { state } = call(randomTensor(randomKey('before'), [2, 4, 4]), params, {});
          const firstRow = (value: number) =>
            mapState(state, (part) => {
              const [, ...rest] = part.shape;
              return tf.concat([tf.fill([1, ...rest], value), tf.slice(part, 1, 1)]);
            });
          const [clean, ...spoilt] = [0, Number.NaN, Number.POSITIVE_INFINITY].map((value) => {
            const made = call(x, params, { segmentPos, state: firstRow(value) as never });
            return [
              made.y,
              ...(made.state instanceof tf.Tensor ? [made.state] : Object.values(made.state)),
            ];
          }) as [tf.Tensor[], ...tf.Tensor[][]];
          // The second row's state matters, so that a call that forgets all of them shows.
          const without = call(x, params, { segmentPos }).y;
          return { clean, spoilt, without };
        });
        const { clean, spoilt, without } = results;
        for (const tensors of spoilt) {
          for (const [index, tensor] of tensors.entries()) {
            const expected = clean[index] as tf.Tensor;
            const data = await expected.data();
            expect(data.every(Number.isFinite)).toBe(true);
            await expectTensorClose(tensor, { shape: expected.shape, data }, tolerances[backend]);
          }
        }
        const [kept, lost] = [await (clean[0] as tf.Tensor).data(), await without.data()];
        expect(
          Math.max(...kept.map((value, at) => Math.abs(value - (lost[at] ?? 0)))),
        ).toBeGreaterThan(1e-3);
        tf.dispose([clean, spoilt, without]);
      },
    );

    /** The outputs and last states of two segments, the second from step 3 on, and the gradient of what `weights` counts. */
    const ofSegments = (
      name: string,
      x: tf.Tensor,
      weights: tf.Tensor,
      initial?: number,
    ): Record<'y' | 'state' | 'dx', tf.Tensor> =>
      tf.tidy(() => {
        const [call, init] = units[name] as (typeof units)[string];
        const params = init();
        const segmentPos = tf.tensor2d([4, 5, 6, 0, 1, 2, 3], [1, 7], 'int32');
        const { state } = call(randomTensor(randomKey('before'), [1, 4, 4]), params, {});
        const given =
          initial === undefined ? state : mapState(state, (part) => tf.fill(part.shape, initial));
        const run = (input: tf.Tensor) =>
          call(input, params, { segmentPos, state: given as never });
        const made = run(x);
        const parts = made.state instanceof tf.Tensor ? [made.state] : Object.values(made.state);
        return {
          y: made.y,
          state: tf.concat(parts.map((part) => tf.reshape(part, [-1]))),
          dx: tf.grad((input) => run(input).y)(x, weights),
        };
      });
    const [before, after] = [
      [0, 0, 0],
      [0, 3, 0],
    ];
    const ends: [number[], number[]] = [
      [1, 3, 4],
      [1, 4, 4],
    ];
    const input = (name: string) => randomTensor(randomKey(name), [1, 7, 4]);
    const firstOf = (value: number, rest: tf.Tensor) =>
      tf.tidy(() => tf.concat([tf.fill([1, 3, 4], value), tf.slice(rest, after, ends[1])], 1));

    it.each(Object.keys(units))(
      'reads nothing of the segment before, finite or not, forward and backward: %s',
      async (name) => {
        await expectNoLeak(async () => {
          const [x, weights] = [input('x'), input('weights')];
          const clean = ofSegments(name, x, weights);
          for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
            const spoilt = firstOf(value, x);
            for (const made of [
              ofSegments(name, spoilt, weights),
              ofSegments(name, x, weights, value),
            ]) {
              for (const of of ['y', 'dx'] as const) {
                const [expected, met] = [clean[of], made[of]].map((tensor) =>
                  tf.slice(tensor, after, ends[1]),
                ) as [tf.Tensor, tf.Tensor];
                const data = await expected.data();
                expect(data.every(Number.isFinite)).toBe(true);
                await expectTensorClose(met, { shape: [1, 4, 4], data }, tolerances[backend]);
                tf.dispose([expected, met]);
              }
              const { shape } = clean.state;
              const data = await clean.state.data();
              await expectTensorClose(made.state, { shape, data }, tolerances[backend]);
              tf.dispose({ ...made });
            }
            spoilt.dispose();
          }
          tf.dispose([x, weights, { ...clean }]);
        });
      },
    );

    it.each(Object.keys(units))(
      'hands no gradient, finite or not, to the segment before: %s',
      async (name) => {
        await expectNoLeak(async () => {
          const [x, weights] = [input('x'), input('weights')];
          const clean = ofSegments(name, x, weights);
          const lost = tf.tidy(() =>
            tf.concat([tf.slice(weights, before, ends[0]), tf.fill([1, 4, 4], Number.NaN)], 1),
          );
          const made = ofSegments(name, x, lost);
          const [expected, met] = [clean.dx, made.dx].map((tensor) =>
            tf.slice(tensor, before, ends[0]),
          ) as [tf.Tensor, tf.Tensor];
          const data = await expected.data();
          await expectTensorClose(met, { shape: [1, 3, 4], data }, tolerances[backend]);
          tf.dispose([x, weights, lost, expected, met, { ...clean }, { ...made }]);
        });
      },
    );
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
