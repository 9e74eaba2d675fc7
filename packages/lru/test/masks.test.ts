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
import { describe, expect, it } from 'vitest';
import {
  type Complex,
  complexRgLru,
  initComplexRgLru,
  initLru,
  initRecurrentBlock,
  initRgLru,
  initTemporalConv,
  lru,
  recurrentBlock,
  rgLru,
  temporalConv,
} from '../src/index.ts';

type State = tf.Tensor | Readonly<Record<string, tf.Tensor>> | Complex;
interface Options {
  readonly mask?: tf.Tensor;
  readonly state?: State;
  readonly reverse?: boolean;
  readonly segmentPos?: tf.Tensor;
}
type Call = (x: tf.Tensor, params: Params, options: never) => { y: tf.Tensor; state: State };

const key = randomKey(1);
const recurrences: Readonly<Record<string, readonly [Call, () => Params]>> = {
  rgLru: [rgLru, () => initRgLru(key, { width: 4, heads: 2 })],
  complexRgLru: [complexRgLru, () => initComplexRgLru(key, { width: 2, heads: 2 })],
  lru: [lru, () => initLru(key, { width: 4, lruWidth: 3 })],
};
const units: typeof recurrences = {
  ...recurrences,
  temporalConv: [temporalConv, () => initTemporalConv(key, { width: 4 })],
  recurrentBlock: [recurrentBlock, () => initRecurrentBlock(key, { width: 4, heads: 2 })],
};

const parts = (state: State): tf.Tensor[] =>
  state instanceof tf.Tensor ? [state] : Object.values(state);
const map = (state: State, change: (tensor: tf.Tensor) => tf.Tensor): State =>
  state instanceof tf.Tensor
    ? change(state)
    : Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part)]));
const steps = (x: tf.Tensor, places: readonly number[]) =>
  tf.gather(x, tf.tensor1d([...places], 'int32'), 1);
const row = (x: tf.Tensor, at: number) => tf.slice(x, at, 1);

/** Padding before, between and behind; none; everything; all but the last. */
const masks = [
  [0, 0, 1, 1, 0, 1, 0],
  [1, 1, 1, 1, 1, 1, 1],
  [0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 1],
] as const;

async function expectSame(met: tf.Tensor, expected: tf.Tensor, backend: keyof typeof tolerances) {
  const { shape } = expected;
  await expectTensorClose(met, { shape, data: await expected.data() }, tolerances[backend]);
}

await describeBackends(
  'padding',
  (backend) => {
    for (const shape of [
      [4, 7, 4],
      [4, 7, 2, 4],
    ]) {
      for (const hasState of [false, true]) {
        it.each(Object.keys(units))(
          `in [${shape}]${hasState ? ' behind a state' : ''} is as if it were not there, forward and backward: %s`,
          async (name) => {
            await expectNoLeak(async () => {
              const [call, init] = units[name] as (typeof units)[string];
              const pairs = tf.tidy(() => {
                const params = init();
                const mask = tf.tensor2d(masks.flat(), [4, 7]);
                const wide = tf.add(
                  tf.reshape(mask, [4, 7, ...shape.slice(2).map(() => 1)]),
                  tf.zeros(shape),
                );
                const clean = randomTensor(randomKey('x'), shape);
                // What padding holds is nobody's business.
                const x = tf.where(tf.notEqual(wide, 0), clean, tf.fill(shape, Number.NaN));
                const { state: some } = call(clean, params, {} as never);
                const state = hasState ? { state: some } : {};
                const run = (of: tf.Tensor) => call(of, params, { mask, ...state } as never);
                const made = run(x);
                const weights = randomTensor(randomKey('weights'), shape);
                const counted = (of: tf.Tensor) => tf.sum(tf.mul(tf.mul(run(of).y, wide), weights));
                const dx = tf.grad(counted)(x);
                const pairs: [tf.Tensor, tf.Tensor][] = [];
                for (const [at, of] of masks.entries()) {
                  const places = of.flatMap((counts, t) => (counts === 1 ? [t] : []));
                  const before = hasState ? { state: map(some, (part) => row(part, at)) } : {};
                  if (places.length === 0) {
                    const none = parts(some).map((part) =>
                      hasState ? row(part, at) : tf.zerosLike(row(part, at)),
                    );
                    for (const [i, part] of parts(made.state).entries()) {
                      pairs.push([row(part, at), none[i] as tf.Tensor]);
                    }
                    pairs.push([row(dx, at), tf.zerosLike(row(dx, at))]);
                    continue;
                  }
                  const alone = (input: tf.Tensor) => call(input, params, before as never);
                  const kept = steps(row(clean, at), places);
                  const expected = alone(kept);
                  pairs.push([steps(row(made.y, at), places), expected.y]);
                  const ends = parts(expected.state);
                  for (const [i, part] of parts(made.state).entries()) {
                    pairs.push([row(part, at), ends[i] as tf.Tensor]);
                  }
                  const dKept = tf.grad((input) =>
                    tf.sum(tf.mul(alone(input).y, steps(row(weights, at), places))),
                  )(kept);
                  pairs.push([steps(row(dx, at), places), dKept]);
                  // Padding behind a step shows what it had.
                  for (const [t, counts] of of.entries()) {
                    const last = places.filter((place) => place < t).at(-1);
                    if (counts === 1 || last === undefined) continue;
                    pairs.push([steps(row(made.y, at), [t]), steps(row(made.y, at), [last])]);
                  }
                }
                return pairs;
              });
              for (const [met, expected] of pairs) await expectSame(met, expected, backend);
              tf.dispose(pairs);
            });
          },
        );
      }
    }
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

await describeBackends(
  'a recurrence in reverse',
  (backend) => {
    it.each(Object.keys(recurrences))(
      'is that of the turned sequence, also behind a state and with padding: %s',
      async (name) => {
        await expectNoLeak(async () => {
          const [call, init] = units[name] as (typeof units)[string];
          const pairs = tf.tidy(() => {
            const params = init();
            const x = randomTensor(randomKey('x'), [4, 7, 4]);
            const mask = tf.tensor2d(masks.flat(), [4, 7]);
            const turned = (of: tf.Tensor) => tf.reverse(of, 1);
            const { state } = call(x, params, {} as never);
            return [{}, { state }, { mask }, { mask, state }].flatMap((options: Options) => {
              const made = call(x, params, { ...options, reverse: true } as never);
              const forwards = 'mask' in options ? { ...options, mask: turned(mask) } : options;
              const expected = call(turned(x), params, forwards as never);
              const [met, ends] = [parts(made.state), parts(expected.state)];
              return [[made.y, turned(expected.y)], ...met.map((part, i) => [part, ends[i]])] as [
                tf.Tensor,
                tf.Tensor,
              ][];
            });
          });
          for (const [met, expected] of pairs) await expectSame(met, expected, backend);
          tf.dispose(pairs);
        });
      },
    );

    it.each(Object.keys(recurrences))(
      'does not cross from one sequence to the one before it, and goes on in parts: %s',
      async (name) => {
        await expectNoLeak(async () => {
          const [call, init] = units[name] as (typeof units)[string];
          const pairs = tf.tidy(() => {
            const params = init();
            const x = randomTensor(randomKey('x'), [1, 7, 4]);
            const segmentPos = tf.tensor2d([0, 1, 2, 0, 1, 2, 3], [1, 7], 'int32');
            const of = (places: readonly number[], options: Options = {}) =>
              call(steps(x, places), params, { ...options, reverse: true } as never);
            const all = of([0, 1, 2, 3, 4, 5, 6], { segmentPos });
            const [first, second] = [of([0, 1, 2]), of([3, 4, 5, 6])];
            const late = of([4, 5, 6], { segmentPos: steps(segmentPos, [4, 5, 6]) });
            const early = of([0, 1, 2, 3], {
              segmentPos: steps(segmentPos, [0, 1, 2, 3]),
              state: late.state,
            });
            return [
              [all.y, tf.concat([first.y, second.y], 1)],
              [all.y, tf.concat([early.y, late.y], 1)],
              ...parts(all.state).map((part, i) => [part, parts(first.state)[i]]),
            ] as [tf.Tensor, tf.Tensor][];
          });
          for (const [met, expected] of pairs) await expectSame(met, expected, backend);
          tf.dispose(pairs);
        });
      },
    );
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('mask and reverse', () => {
  it('are refused by name where they do not fit', () => {
    tf.tidy(() => {
      const params = initRgLru(key, { width: 4, heads: 2 });
      const x = tf.zeros([2, 3, 4]);
      const call = (options: object) => () => rgLru(x, params, options);
      expect(call({ mask: tf.ones([2, 4]) })).toThrow('mask was [2, 4]; it must be [2, 3]');
      expect(call({ mask: tf.ones([2, 3], 'bool') })).toThrow('mask was bool; it must be float32');
      const both = { mask: tf.ones([2, 3]), segmentPos: tf.zeros([2, 3], 'int32') };
      expect(call(both)).toThrow(
        'mask and segmentPos were both given; one of them must be left out',
      );
      expect(call({ reverse: 1 })).toThrow('reverse was 1; it must be true or false');
      const conv = initTemporalConv(key, { width: 4 });
      expect(() => temporalConv(x, conv, { reverse: true } as object)).toThrow(
        'temporalConv has no option "reverse"',
      );
    });
  });
});
