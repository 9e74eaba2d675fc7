import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  layerParams,
  randomTensor,
  reloadModel,
  webgpuIfLong,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import {
  attentionPooling,
  cachedAttention,
  crossAttention,
  encoder,
  encoderBlock,
  type KeyValueCache,
  learnedPositions,
  mlp,
  poolTokens,
  rotaryPositions,
  scaledDotProductAttention,
  sincosPositions,
  spaceAttention,
} from '../src/index.ts';
import {
  neverendAttentionPooling,
  neverendCachedAttention,
  neverendCrossAttention,
  neverendEncoder,
  neverendEncoderBlock,
  neverendMlp,
  neverendRotaryPositions,
  neverendScaledDotProductAttention,
  neverendSincosPositions,
  neverendSpaceAttention,
  neverendTokenPooling,
} from '../src/register.ts';

interface LayerCase {
  readonly make: () => tfl.layers.Layer;
  /** The shapes of the inputs, without rows. */
  readonly inputs: readonly number[][];
  readonly expected: (x: tf.Tensor, params: Params, ...others: tf.Tensor[]) => tf.Tensor;
}

const cases: Readonly<Record<string, LayerCase>> = {
  'cross-attention': {
    make: () => neverendCrossAttention({ heads: 2, qkNorm: true, seed: 1 }),
    inputs: [
      [3, 4],
      [5, 6],
    ],
    expected: (x, params, context) =>
      crossAttention(x, context as tf.Tensor, params, { heads: 2, qkNorm: true }),
  },
  'cross-attention with a mask': {
    make: () => neverendCrossAttention({ heads: 2, seed: 1 }),
    inputs: [
      [3, 4],
      [5, 6],
      [1, 1, 5],
    ],
    expected: (x, params, context, mask) =>
      crossAttention(x, context as tf.Tensor, params, { heads: 2, mask }),
  },
  'space attention with a mask': {
    make: () => neverendSpaceAttention({ heads: 2, causal: true, seed: 1 }),
    inputs: [
      [3, 4],
      [2, 3, 3],
    ],
    expected: (x, params, mask) => spaceAttention(x, params, { heads: 2, causal: true, mask }),
  },
  'attention alone': {
    make: () => neverendScaledDotProductAttention({ scale: 0.3, causal: true }),
    inputs: [
      [3, 2, 4],
      [5, 2, 4],
      [5, 2, 6],
    ],
    expected: (q, _, k, v) =>
      scaledDotProductAttention(q, k as tf.Tensor, v as tf.Tensor, { scale: 0.3, causal: true }),
  },
  'attention alone, with a mask': {
    make: () => neverendScaledDotProductAttention(),
    inputs: [
      [3, 2, 4],
      [5, 2, 4],
      [5, 2, 4],
      [1, 3, 1],
    ],
    expected: (q, _, k, v, mask) =>
      scaledDotProductAttention(q, k as tf.Tensor, v as tf.Tensor, { mask }),
  },
  'an encoder with options and a mask': {
    make: () =>
      neverendEncoder({
        ...{ depth: 2, heads: 2, mlpWidth: 5, qkNorm: true, gelu: 'erf', eps: 1e-12, seed: 1 },
      }),
    inputs: [
      [3, 4],
      [1, 1, 3],
    ],
    expected: (x, params, mask) => {
      const options = { heads: 2, qkNorm: true, gelu: 'erf', eps: 1e-12, mask } as const;
      return encoder(x, params, { depth: 2, ...options });
    },
  },
  'cached attention with rotary positions': {
    make: () => neverendCachedAttention({ heads: 2, rotaryBase: 100, seed: 1 }),
    inputs: [[5, 8]],
    expected: (x, params) =>
      cachedAttention(x, params, undefined, { heads: 2, rotary: { base: 100 } }).y,
  },
  'an encoder block with options': {
    make: () =>
      neverendEncoderBlock({
        ...{ heads: 2, mlpWidth: 5, qkNorm: true, causal: true, gelu: 'erf', eps: 0.1, seed: 1 },
        layerScale: 0.5,
      }),
    inputs: [[3, 4]],
    expected: (x, params) =>
      encoderBlock(x, params, {
        ...{ heads: 2, qkNorm: true, causal: true, gelu: 'erf', eps: 0.1 },
        layerScale: true,
      }),
  },
  'an MLP with GELU by erf': {
    make: () => neverendMlp({ mlpWidth: 5, gelu: 'erf', seed: 1 }),
    inputs: [[3, 4]],
    expected: (x, params) => mlp(x, params, { gelu: 'erf' }),
  },
  'rotary positions': {
    make: () => neverendRotaryPositions({ base: 50 }),
    inputs: [[3, 2, 4]],
    expected: (x) => rotaryPositions(x, { base: 50 }),
  },
  'rotary positions of a part of neighbours': {
    make: () => neverendRotaryPositions({ dims: 2, interleaved: true, factor: 2 }),
    inputs: [[3, 2, 4]],
    expected: (x) => rotaryPositions(x, { dims: 2, interleaved: true, factor: 2 }),
  },
  'sincos positions': {
    make: () => neverendSincosPositions({ grid: [2, 3], base: 50 }),
    inputs: [[6, 8]],
    expected: (x) => learnedPositions(x, sincosPositions([2, 3], 8, 50)),
  },
  'pooling by attention with options': {
    make: () => neverendAttentionPooling({ heads: 2, mlpWidth: 5, gelu: 'erf', eps: 0.1, seed: 1 }),
    inputs: [[3, 4]],
    expected: (x, params) => attentionPooling(x, params, { heads: 2, gelu: 'erf', eps: 0.1 }),
  },
  'the average of tokens': {
    make: () => neverendTokenPooling(),
    inputs: [[3, 4]],
    expected: (x) => poolTokens(x, 'average'),
  },
  'the first token': {
    make: () => neverendTokenPooling({ kind: 'first' }),
    inputs: [[3, 4]],
    expected: (x) => poolTokens(x, 'first'),
  },
};

const exact = { rtol: 0, atol: 0 };

await describeBackends(
  'a layer',
  () => {
    it.each(Object.keys(cases))(
      'computes what its function does, also after save and load: %s',
      async (name) => {
        const { make, inputs: shapes, expected } = cases[name] as LayerCase;
        await expectNoLeak(async () => {
          const inputs = shapes.map((shape, index) =>
            randomTensor(randomKey('x', index), [2, ...shape]),
          );
          const symbols = shapes.map((shape) => tfl.input({ shape }));
          const layer = make();
          const output = layer.apply(
            symbols.length === 1 ? (symbols[0] as tfl.SymbolicTensor) : symbols,
          );
          const model = tfl.model({ inputs: symbols, outputs: output as tfl.SymbolicTensor });
          const loaded = await reloadModel(model);
          const wanted = tf.tidy(() =>
            expected(inputs[0] as tf.Tensor, layerParams(layer), ...inputs.slice(1)),
          );
          const open = (output as tfl.SymbolicTensor).shape;
          expect(open).toEqual([null, ...wanted.shape.slice(1)]);
          for (const one of [model, loaded]) {
            const y = one.predict(inputs) as tf.Tensor;
            await expectTensorClose(y, { shape: wanted.shape, data: await wanted.data() }, exact);
            y.dispose();
          }
          const config = layer.getConfig();
          const cls =
            layer.constructor as tf.serialization.SerializableConstructor<tfl.layers.Layer>;
          expect(new cls(JSON.parse(JSON.stringify(config))).getConfig()).toEqual(config);
          tf.dispose([inputs, wanted]);
          model.dispose();
          loaded.dispose();
        });
      },
    );

    it('of cached attention has weights with which the function goes on token by token', async () => {
      const x = randomTensor(randomKey('x'), [2, 4, 8]);
      const layer = neverendCachedAttention({ heads: 2, rotaryBase: 100, seed: 1 });
      const whole = layer.apply(x) as tf.Tensor;
      const steps = tf.tidy(() => {
        let cache: KeyValueCache | undefined;
        const ys = [0, 1, 2, 3].map((token) => {
          const next = tf.slice(x, [0, token, 0], [2, 1, 8]);
          const options = { heads: 2, rotary: { base: 100 } };
          const step = cachedAttention(next, layerParams(layer), cache, options);
          cache = step.cache;
          return step.y;
        });
        return tf.concat(ys, 1);
      });
      await expectTensorClose(steps, { shape: [2, 4, 8], data: await whole.data() });
      tf.dispose([x, whole, steps]);
      layer.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

const positionsOf = (args: { base: number }) => neverendSincosPositions({ grid: [2, 2], ...args });

describe('a layer', () => {
  it('refuses wrong arguments and inputs by name', () => {
    expect(() => neverendCrossAttention({ heads: 0 })).toThrow(
      new ShapeError('heads was 0; it must be a positive integer'),
    );
    expect(() => neverendCrossAttention({ heads: 2, name: 'it' }).build([null, 3, 4])).toThrow(
      new ShapeError(
        'the layer "it" was given 1 input; NeverendCrossAttention takes 2 (x, context) or 3 (x, context, mask)',
      ),
    );
    expect(() => neverendScaledDotProductAttention().computeOutputShape([null, 3, 2, 4])).toThrow(
      'was given 1 input; NeverendScaledDotProductAttention takes 3 (q, k, v) or 4 (',
    );
    expect(() => neverendSincosPositions({ grid: [2, -1] })).toThrow(
      new ShapeError('grid was [2, -1]; it must be two positive integers'),
    );
    expect(() => neverendCachedAttention({ heads: 2, rotaryBase: Number.NaN })).toThrow(
      new RangeError('rotaryBase was NaN; it must be a finite number above 0'),
    );
    for (const make of [
      () => neverendRotaryPositions({ base: -1 }),
      () => neverendCachedAttention({ heads: 2, rotaryBase: -1 }),
      () => positionsOf({ base: -1 }),
    ]) {
      expect(make).toThrow(/^(base|rotaryBase) was -1; it must be a finite number above 0$/);
    }
    expect(() => neverendEncoderBlock({ heads: 2, mlpWidth: 3, eps: -1 })).toThrow(
      new RangeError('eps was -1; it must be a finite number >= 0'),
    );
    expect(() => neverendEncoder({ heads: 2, mlpWidth: 3, depth: 0 })).toThrow(
      new ShapeError('depth was 0; it must be a positive integer'),
    );
    expect(() => neverendScaledDotProductAttention({ scale: Number.NaN })).toThrow(
      new RangeError('scale was NaN; it must be a finite number'),
    );
    const [q, k] = [tf.zeros([1, 2, 1, 2]), tf.zeros([1, 3, 1, 2])];
    expect(() => neverendScaledDotProductAttention({ name: 'it' }).apply([q, k])).toThrow(
      new ShapeError(
        'the layer "it" was given 2 inputs; NeverendScaledDotProductAttention takes 3 (q, k, v) or 4 (q, k, v, mask)',
      ),
    );
    tf.dispose([q, k]);
  });
});
