import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  type Inputs,
  poisonMemory,
  readGolden,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import {
  type AttentionOptions,
  cachedAttention,
  type KeyValueCache,
  type RotaryOptions,
  rotaryPositions,
  scaledDotProductAttention,
} from '../src/index.ts';

const { meta, arrays } = readGolden(new URL('golden/attention.json', import.meta.url));

const array = (name: string) => {
  const { shape, data } = arrays[name] ?? { shape: [], data: [] };
  return { shape, data: Float64Array.from(data) };
};
const below = (prefix: string): Inputs =>
  Object.fromEntries(
    Object.keys(arrays).flatMap((name) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array(name)]] : [],
    ),
  );
const dataBelow = (prefix: string) =>
  Object.fromEntries(Object.entries(below(prefix)).map(([name, { data }]) => [name, data]));
const boolean = (name: string) =>
  tf.tensor(arrays[name]?.data ?? [], [...array(name).shape], 'bool');

const lowest = -3.4028234663852886e38;
/** A number where the tokens of `seen` are not, and 0 where they are. */
const where = (hidden: number) => {
  const { data, shape } = array('masks/seen');
  return tf.tensor(
    Array.from(data, (sees) => (sees ? 0 : hidden)),
    [...shape],
  );
};

/** The masks by what the golden file calls them. */
const masks: Readonly<Record<string, (bias: tf.Tensor) => AttentionOptions>> = {
  none: () => ({}),
  keys: () => ({ keyMask: boolean('masks/seen') }),
  pairs: () => ({ mask: boolean('masks/seen') }),
  bias: (bias) => ({ mask: bias }),
  lowest: () => ({ mask: tf.fill([2, 5], lowest) }),
  'lowest of keys': () => ({ keyMask: where(lowest) }),
  nothing: () => ({ mask: tf.fill([2, 5], Number.NEGATIVE_INFINITY) }),
  'keys and bias': (bias) => ({ mask: bias, keyMask: boolean('masks/seen') }),
};

await describeBackends('beside PyTorch', (backend) => {
  const tolerance = tolerances[backend];

  for (const [index, options] of (meta['rotary'] as RotaryOptions[]).entries()) {
    it(`rotary positions are the published ones: ${JSON.stringify(options)}`, async () => {
      poisonMemory();
      await expectLikeReference({
        op: ({ x }) => rotaryPositions(x as tf.Tensor, options),
        inputs: { x: array('rotary/x') },
        dy: array('rotary/dy'),
        y: array(`rotary/${index}/y`).data,
        gradients: { x: array(`rotary/${index}/dx`).data },
        tolerance,
      });
    });
  }

  for (const [name, options] of Object.entries(masks)) {
    it(`a mask gives what it gives there: ${name}`, async () => {
      poisonMemory();
      const learned = name.includes('bias') ? { bias: array('masks/bias') } : {};
      await expectLikeReference({
        op: ({ q, k, v, bias }) =>
          tf.tidy(() =>
            scaledDotProductAttention(
              q as tf.Tensor,
              k as tf.Tensor,
              v as tf.Tensor,
              options(bias as tf.Tensor),
            ),
          ),
        inputs: { q: array('masks/q'), k: array('masks/k'), v: array('masks/v'), ...learned },
        dy: array('masks/dy'),
        y: array(`masks/${name}/y`).data,
        gradients: dataBelow(`masks/${name}/d`),
        tolerance,
      });
    });
  }

  const { heads, padding, rotary, positions } = meta['padded'] as {
    heads: number;
    padding: number[];
    rotary: RotaryOptions;
    positions: number[][];
  };
  const tokens = 6;
  it.each([
    ['at once, with the positions of each row', [tokens], true],
    ['in parts, with positions that padding has moved', [2, 3, 1], false],
  ])('rows with padding before them are what they are there: %s', async (_, parts, placed) => {
    poisonMemory();
    const y = array('padded/y');
    // What padding gives is nobody's: a query of padding sees no key.
    await expectLikeReference({
      op: ({ x, ...params }) =>
        tf.tidy(() => {
          const seen = boolean('padded/seen');
          let cache: KeyValueCache | undefined;
          let start = 0;
          const ys = parts.map((length) => {
            const end = start + length;
            const part = tf.slice(x as tf.Tensor, [0, start, 0], [-1, length, -1]);
            const of = placed ? { positions: positions.map((row) => row.slice(start, end)) } : {};
            const keyMask = tf.slice(seen, [0, 0], [-1, end]);
            const options = { heads, keyMask, rotary: { ...rotary, ...of } };
            const step = cachedAttention(part, params, cache, options);
            cache = step.cache;
            start = end;
            return step.y;
          });
          return tf.concat(ys, 1);
        }),
      inputs: { x: array('padded/x'), ...below('padded/w/') },
      dy: array('padded/dy'),
      y: y.data,
      gradients: dataBelow('padded/g/'),
      tolerance,
    });
  });

  it('what padding before a row holds reaches no token of it', async () => {
    poisonMemory();
    const { shape, data } = array('padded/x');
    const [, , width = 1] = shape;
    const y = array('padded/y');
    const isPadding = (at: number) => {
      const token = Math.floor(at / width);
      return token % tokens < (padding[Math.floor(token / tokens)] ?? 0);
    };
    const spoilt = tf.tensor(
      Array.from(data, (value, at) => (isPadding(at) ? Number.NaN : value)),
      [...shape],
    );
    const kept = tf.tensor(
      Array.from(data, (_, at) => !isPadding(at)),
      [...shape],
      'bool',
    );
    const clean = tf.tidy(() => {
      const params = Object.fromEntries(
        Object.entries(below('padded/w/')).map(([name, { shape, data }]) => [
          name,
          tf.tensor(Float32Array.from(data), [...shape]),
        ]),
      );
      const options = { heads, keyMask: boolean('padded/seen'), rotary };
      return tf.where(kept, cachedAttention(spoilt, params, undefined, options).y, 0);
    });
    await expectTensorClose(
      clean,
      y.data.map((value, at) => (isPadding(at) ? 0 : value)),
      tolerance,
    );
    tf.dispose([spoilt, kept, clean]);
  });
});
