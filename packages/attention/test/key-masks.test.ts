import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  layerParams,
  randomTensor,
  reloadModel,
  tolerances,
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
  initAttentionPooling,
  initEncoder,
  initEncoderBlock,
  initSpaceAttention,
  scaledDotProductAttention,
  spaceAttention,
} from '../src/index.ts';
import {
  neverendAttentionPooling,
  neverendCachedAttention,
  neverendCrossAttention,
  neverendEncoder,
  neverendEncoderBlock,
  neverendLearnedPositions,
  neverendMlp,
  neverendScaledDotProductAttention,
  neverendSpaceAttention,
} from '../src/register.ts';

type Call = (x: tf.Tensor, params: Params, keyMask: tf.Tensor | undefined) => tf.Tensor;

const key = randomKey(1);
const sizes = { width: 6, heads: 2, mlpWidth: 5 };
const attention = () => initSpaceAttention(key, { width: 6, heads: 2 });
const query = (x: tf.Tensor) => tf.ones([x.shape[0] ?? 1, 2, 6]);

/** Every kind of attention that takes a mask of keys, and whether it gives tokens that may be padding themselves. */
const kinds: Readonly<
  Record<string, { readonly params: () => Params; readonly call: Call; readonly tokens: boolean }>
> = {
  scaledDotProductAttention: {
    params: () => ({}),
    call: (x, _, keyMask) => {
      const [rows = 1, tokens = 1] = x.shape;
      const heads = tf.reshape(x, [rows, tokens, 2, 3]);
      return tf.reshape(scaledDotProductAttention(heads, heads, heads, { keyMask }), x.shape);
    },
    tokens: true,
  },
  spaceAttention: {
    params: attention,
    call: (x, params, keyMask) => spaceAttention(x, params, { heads: 2, keyMask }),
    tokens: true,
  },
  crossAttention: {
    params: attention,
    call: (x, params, keyMask) => crossAttention(query(x), x, params, { heads: 2, keyMask }),
    tokens: false,
  },
  cachedAttention: {
    params: attention,
    call: (x, params, keyMask) =>
      cachedAttention(x, params, undefined, { heads: 2, keyMask, rotary: { dims: 2 } }).y,
    tokens: true,
  },
  encoderBlock: {
    params: () => initEncoderBlock(key, sizes),
    call: (x, params, keyMask) => encoderBlock(x, params, { heads: 2, keyMask }),
    tokens: true,
  },
  'encoderBlock, causal, with erf': {
    params: () => initEncoderBlock(key, sizes),
    call: (x, params, keyMask) =>
      encoderBlock(x, params, { heads: 2, keyMask, causal: true, gelu: 'erf' }),
    tokens: true,
  },
  encoder: {
    params: () => initEncoder(key, { ...sizes, depth: 2 }),
    call: (x, params, keyMask) => encoder(x, params, { depth: 2, heads: 2, keyMask }),
    tokens: true,
  },
  attentionPooling: {
    params: () => initAttentionPooling(key, sizes),
    call: (x, params, keyMask) => attentionPooling(x, params, { heads: 2, keyMask }),
    tokens: false,
  },
};

/** Rows of 5 tokens of which so many count. */
const lengths = [3, 5];
const seen = lengths.map((length) => Array.from({ length: 5 }, (_, token) => token < length));

await describeBackends('a mask of keys', (backend) => {
  const { rtol, atol } = tolerances[backend];
  const tolerance = { rtol: 4 * rtol, atol: 4 * atol };

  for (const [name, { params: init, call, tokens }] of Object.entries(kinds)) {
    it(`makes of a row with padding what the row without is, also where padding is NaN: ${name}`, async () => {
      await expectNoLeak(async () => {
        const params = init();
        const x = randomTensor(randomKey('x'), [2, 5, 6]);
        const [spoilt, ...masks] = tf.tidy(() => {
          const bool = tf.tensor2d(seen as never, [2, 5], 'bool');
          const added = tf.where(bool, 0, Number.NEGATIVE_INFINITY);
          const all = tf.broadcastTo(tf.expandDims(bool, 2), x.shape);
          return [tf.where(all, x, Number.NaN), bool, added];
        }) as [tf.Tensor, ...tf.Tensor[]];
        for (const mask of masks) {
          for (const input of [x, spoilt]) {
            const y = tf.tidy(() => call(input, params, mask));
            for (const [row, length] of lengths.entries()) {
              const [part, alone] = tf.tidy(() => {
                const short = call(tf.slice(x, [row, 0, 0], [1, length, 6]), params, undefined);
                const size = tokens ? [1, length, 6] : [1, ...y.shape.slice(1)];
                return [tf.slice(y, [row], size), short] as const;
              });
              await expectTensorClose(part, await alone.data(), tolerance);
              tf.dispose([part, alone]);
            }
            y.dispose();
          }
        }
        tf.dispose([params, x, masks, spoilt]);
      });
    });
  }

  it.each(['cachedAttention', 'encoderBlock, causal, with erf'])(
    'is not needed for NaN in later tokens of %s',
    async (name) => {
      const { params: init, call } = kinds[name] as (typeof kinds)[string];
      const params = init();
      const x = randomTensor(randomKey('x'), [2, 5, 6]);
      const [y, wanted] = tf.tidy(() => {
        const isEarly = tf.less(tf.reshape(tf.range(0, 5), [1, 5, 1]), 3);
        const spoilt = tf.where(isEarly, x, Number.NaN);
        return [call(spoilt, params, undefined), call(x, params, undefined)].map((of) =>
          tf.slice(of, [0, 0, 0], [2, 3, 6]),
        );
      }) as [tf.Tensor, tf.Tensor];
      await expectTensorClose(y, await wanted.data(), tolerance);
      tf.dispose([params, x, y, wanted]);
    },
  );

  it('that is learned has a gradient, beside that of a mask of pairs', async () => {
    const [q, k] = ['q', 'k'].map((name) => randomTensor(randomKey(name), [2, 5, 2, 3]));
    const [pairs, keys] = [
      randomTensor(randomKey('pairs'), [5, 5]),
      randomTensor(randomKey('keys'), [2, 5]),
    ];
    const [ofPairs, ofKeys] = tf.grads((mask, keyMask) =>
      scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, k as tf.Tensor, { mask, keyMask }),
    )([pairs, keys]) as [tf.Tensor, tf.Tensor];
    // The same by one mask of all that both add.
    const both = tf.tidy(() => tf.add(pairs, tf.reshape(keys, [2, 1, 1, 5])));
    const of = tf.grad((mask: tf.Tensor) =>
      scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, k as tf.Tensor, { mask }),
    )(both);
    const [wantedPairs, wantedKeys] = tf.tidy(() => [
      tf.sum(of, 0),
      tf.reshape(tf.sum(of, 2), [2, 5]),
    ]) as [tf.Tensor, tf.Tensor];
    await expectTensorClose(ofPairs, await tf.reshape(wantedPairs, [25]).data(), tolerance);
    await expectTensorClose(ofKeys, await wantedKeys.data(), tolerance);
    tf.dispose([q as tf.Tensor, k as tf.Tensor, pairs, keys, ofPairs, ofKeys, both, of]);
    tf.dispose([wantedPairs, wantedKeys]);
  });

  it('and one of pairs that add up to less than the lowest number hide', async () => {
    const v = tf.tensor([1, 2, 3], [1, 3, 1, 1]);
    const zeros = tf.zeros([1, 3, 1, 1]);
    const lowest = -3.4028234663852886e38;
    const mask = tf.tensor2d([[lowest, 0, 0]]);
    const y = scaledDotProductAttention(zeros, zeros, v, { mask, keyMask: mask });
    await expectTensorClose(y, [2.5, 2.5, 2.5]);
    tf.dispose([v, zeros, mask, y]);
  });

  const makers: Readonly<
    Record<string, readonly [() => tfl.layers.Layer, (...args: Parameters<Call>) => tf.Tensor]>
  > = {
    neverendSpaceAttention: [
      () => neverendSpaceAttention({ heads: 2, seed: 1 }),
      (x, params, keyMask) => spaceAttention(x, params, { heads: 2, keyMask }),
    ],
    neverendCachedAttention: [
      () =>
        neverendCachedAttention({
          heads: 1,
          rotaryBase: 100,
          rotaryDims: 4,
          rotaryInterleaved: true,
          rotaryFactor: 2,
          seed: 1,
        }),
      (x, params, keyMask) =>
        cachedAttention(x, params, undefined, {
          ...{ heads: 1, keyMask },
          rotary: { base: 100, dims: 4, interleaved: true, factor: 2 },
        }).y,
    ],
    neverendEncoderBlock: [
      () => neverendEncoderBlock({ heads: 2, mlpWidth: 5, seed: 1 }),
      (x, params, keyMask) => encoderBlock(x, params, { heads: 2, keyMask }),
    ],
    neverendEncoder: [
      () => neverendEncoder({ heads: 2, mlpWidth: 5, depth: 2, seed: 1 }),
      (x, params, keyMask) => encoder(x, params, { heads: 2, depth: 2, keyMask }),
    ],
    neverendAttentionPooling: [
      () => neverendAttentionPooling({ heads: 2, mlpWidth: 5, seed: 1 }),
      (x, params, keyMask) => attentionPooling(x, params, { heads: 2, keyMask }),
    ],
  };
  for (const [name, [make, call]] of Object.entries(makers)) {
    it(`is an input [rows, N] of ${name}, and what an embedding masks`, async () => {
      await expectNoLeak(async () => {
        const ids = tf.tensor2d([
          [3, 1, 2, 0, 0],
          [1, 1, 4, 2, 3],
        ]);
        const input = tfl.input({ shape: [5] });
        const embedding = tfl.layers.embedding({ inputDim: 5, outputDim: 6, maskZero: true });
        // Layers between hand the mask on.
        const between = [
          neverendMlp({ mlpWidth: 3, seed: 2 }),
          neverendLearnedPositions({ seed: 3 }),
        ];
        // Segments, of which none is padding, as BERT adds them.
        const segments = tfl.layers.embedding({ inputDim: 5, outputDim: 6 });
        const summed = tfl.layers
          .add()
          .apply([segments, embedding].map((of) => of.apply(input) as tfl.SymbolicTensor));
        const x = between.reduce(
          (y, layer) => layer.apply(y) as tfl.SymbolicTensor,
          summed as tfl.SymbolicTensor,
        );
        const layer = make();
        const model = tfl.model({ inputs: input, outputs: layer.apply(x) as tfl.SymbolicTensor });
        const inner = tfl.model({ inputs: input, outputs: x });
        const loaded = await reloadModel(model);
        const [keyMask, tokens] = tf.tidy(() => [
          tf.greater(ids, 0),
          inner.predict(ids) as tf.Tensor,
        ]) as [tf.Tensor, tf.Tensor];
        const wanted = tf.tidy(() => call(tokens, layerParams(layer), keyMask));
        const unmasked = tf.tidy(() => call(tokens, layerParams(layer), undefined));
        const given = layer.apply([tokens, keyMask]) as tf.Tensor;
        const predicted = [model, loaded].map((one) => one.predict(ids) as tf.Tensor);
        for (const y of [given, ...predicted]) {
          await expectTensorClose(y, await wanted.data(), tolerance);
        }
        const [a, b] = await Promise.all([wanted.data(), unmasked.data()]);
        expect(a).not.toEqual(b);
        tf.dispose([ids, keyMask, tokens, wanted, unmasked, given, predicted]);
        model.dispose();
        loaded.dispose();
      });
    });
  }
});

describe('the masks of layers', () => {
  it('have rows first', async () => {
    const x = randomTensor(randomKey('x'), [3, 3, 4]);
    const context = randomTensor(randomKey('context'), [3, 3, 4]);
    const heads = tf.reshape(x, [3, 3, 2, 2]);
    const keys = tf.tensor2d(
      [
        [1, 1, 0],
        [1, 0, 0],
        [0, 1, 1],
      ],
      [3, 3],
      'bool',
    );
    const pairs = tf.tensor3d(
      [...new Array(27).keys()].map((at) => at % 4 > 0) as never,
      [3, 3, 3],
      'bool',
    );
    const cross = neverendCrossAttention({ heads: 2, seed: 1 });
    const plain = neverendScaledDotProductAttention();
    const params = () => layerParams(cross);
    const calls: readonly (readonly [() => tf.Tensor, () => tf.Tensor])[] = [
      [
        () => cross.apply([x, context, keys]) as tf.Tensor,
        () => crossAttention(x, context, params(), { heads: 2, keyMask: keys }),
      ],
      [
        () => cross.apply([x, context, pairs]) as tf.Tensor,
        () => crossAttention(x, context, params(), { heads: 2, mask: tf.expandDims(pairs, 1) }),
      ],
      [
        () => plain.apply([heads, heads, heads, keys]) as tf.Tensor,
        () => scaledDotProductAttention(heads, heads, heads, { keyMask: keys }),
      ],
    ];
    for (const [layer, call] of calls) {
      const [y, wanted] = tf.tidy(() => [layer(), call()]) as [tf.Tensor, tf.Tensor];
      await expectTensorClose(y, await wanted.data());
      tf.dispose([y, wanted]);
    }
    const row = tf.tensor1d([1, 0, 1], 'bool');
    expect(() => cross.apply([x, context, row])).toThrow(
      new ShapeError('mask was [3]; it must be [rows, N], [rows, M, N] or [rows, H, M, N]'),
    );
    tf.dispose([x, context, heads, keys, pairs, row]);
    cross.dispose();
  });
});

describe('the arguments', () => {
  it('of masks are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const q = tf.zeros([2, 3, 4, 5]);
      const k = tf.zeros([2, 6, 4, 5]);
      const refused = (options: object) => () => scaledDotProductAttention(q, k, k, options);
      expect(refused({ keyMask: tf.zeros([3, 6]) })).toThrow(
        new ShapeError('keyMask was [3, 6]; it must be [2, 6], a number for each key of each row'),
      );
      expect(refused({ keyMask: tf.zeros([2, 6], 'int32') })).toThrow(
        new DTypeError('keyMask was int32; it must be bool or float32'),
      );
      expect(refused({ keyMask: [1, 1] })).toThrow(
        new TypeError('keyMask was a list; it must be a tensor'),
      );
      expect(refused({ mask: tf.zeros([2, 6]) })).toThrow(
        new ShapeError(
          'mask was [2, 6]; it must broadcast to [2, 4, 3, 6], and a mask of the keys of each row is keyMask',
        ),
      );
      const cache = { key: tf.zeros([1, 3, 2, 2]), value: tf.zeros([1, 3, 2, 2]) };
      const params = initSpaceAttention(key, { width: 4, heads: 2 });
      expect(() =>
        cachedAttention(tf.zeros([1, 1, 4]), params, cache, { heads: 2, keyMask: tf.ones([1, 1]) }),
      ).toThrow(
        new ShapeError('keyMask was [1, 1]; it must be [1, 4], a number for each key of each row'),
      );
      expect(() => neverendCachedAttention({ heads: 2, rotaryDims: 2 })).toThrow(
        new TypeError('rotaryDims was 2 without rotaryBase; that must be given too'),
      );
    });
  });
});
