import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectSameAfterReload,
  expectTensorClose,
  randomTensor,
  reloadModel,
  trainModel,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { linear } from '@neverend/nn';
import { neverendLinear } from '@neverend/nn/register';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { encoderBlock } from '../src/index.ts';
import {
  neverendAttentionPooling,
  neverendCachedAttention,
  neverendClassToken,
  neverendCrossAttention,
  neverendEncoderBlock,
  neverendLearnedPositions,
  neverendMlp,
  neverendSpaceAttention,
  register,
} from '../src/register.ts';

type Layer = tfl.layers.Layer;

const layers: Readonly<Record<string, (seed?: number) => Layer>> = {
  NeverendLinear: (seed = 1) => neverendLinear({ units: 5, seed }),
  NeverendSpaceAttention: (seed = 1) =>
    neverendSpaceAttention({
      heads: 2,
      qkNorm: true,
      causal: true,
      attentionDropoutRate: 0.5,
      seed,
    }),
  NeverendMlp: (seed = 1) => neverendMlp({ mlpWidth: 7, dropoutRate: 0.5, seed }),
  NeverendEncoderBlock: (seed = 1) => neverendEncoderBlock({ heads: 3, mlpWidth: 7, seed }),
  NeverendCachedAttention: (seed = 1) =>
    neverendCachedAttention({ heads: 3, qkNorm: true, rotaryBase: 100, seed }),
  NeverendLearnedPositions: (seed = 1) => neverendLearnedPositions({ seed }),
  NeverendClassToken: (seed = 1) => neverendClassToken({ seed }),
  NeverendAttentionPooling: (seed = 1) => neverendAttentionPooling({ heads: 2, mlpWidth: 5, seed }),
};

interface Rates {
  dropoutRate?: number;
  attentionDropoutRate?: number;
}

const droppers: Readonly<Record<string, (rates: Rates) => Layer>> = {
  neverendSpaceAttention: (rates) => neverendSpaceAttention({ heads: 2, seed: 1, ...rates }),
  neverendCrossAttention: (rates) => neverendCrossAttention({ heads: 2, seed: 1, ...rates }),
  neverendCachedAttention: (rates) => neverendCachedAttention({ heads: 2, seed: 1, ...rates }),
  neverendMlp: (rates) => neverendMlp({ mlpWidth: 7, seed: 1, ...rates }),
  neverendEncoderBlock: (rates) =>
    neverendEncoderBlock({ heads: 2, mlpWidth: 7, seed: 1, ...rates }),
};

/** Each of the rates that a layer has, by itself. */
const ratesOf = (make: (rates: Rates) => Layer): Rates[] =>
  (['dropoutRate', 'attentionDropoutRate'] as const)
    .filter((name) => name in make({}).getConfig())
    .map((name) => ({ [name]: 0.4 }));

await describeBackends(
  'the layers',
  () => {
    for (const [className, make] of Object.entries(layers)) {
      it(`${className} gives the same output after save and load`, async () => {
        const x = randomTensor(randomKey('x'), [2, 4, 6]);
        const takesItsOutput = !['NeverendLinear', 'NeverendAttentionPooling'].includes(className);
        const first = neverendLinear({ units: 6, inputShape: [4, 6] });
        const chain = [first, make(1), ...(takesItsOutput ? [make(2)] : [])];
        await expectSameAfterReload(chain, x);
        expect(chain.at(-1)?.getClassName()).toBe(className);
        x.dispose();
      });
    }

    // A GPU in software compiles the shaders of all these layers first.
    it('learn: every weight moves, and the loss falls', { timeout: 300_000 }, async () => {
      const model = tfl.sequential();
      model.add(neverendLinear({ units: 6, inputShape: [4, 3], seed: 1 }));
      model.add(neverendLearnedPositions({ seed: 2 }));
      model.add(neverendSpaceAttention({ heads: 2, qkNorm: true, seed: 3 }));
      model.add(neverendClassToken({ seed: 6 }));
      model.add(neverendMlp({ mlpWidth: 8, seed: 4 }));
      model.add(
        neverendEncoderBlock({ heads: 2, mlpWidth: 8, qkNorm: true, gelu: 'erf', seed: 5 }),
      );
      model.add(neverendCachedAttention({ heads: 3, rotaryBase: 100, seed: 8 }));
      model.add(neverendAttentionPooling({ heads: 2, mlpWidth: 8, seed: 7 }));
      model.compile({ optimizer: tf.train.adam(0.03), loss: 'meanSquaredError' });
      const x = randomTensor(randomKey('x'), [16, 4, 3]);
      const target = randomTensor(randomKey('target'), [16, 6]);
      const { losses, unchanged } = await trainModel(model, x, target, 4);
      const names = model.weights.map(({ originalName }) => originalName);
      expect(new Set(names).size).toBe(names.length);
      // Softmax does not see the keys' bias; what moves it is rounding.
      expect(unchanged.filter((name) => !name.endsWith('key/bias'))).toEqual([]);
      expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] ?? 0));
      model.dispose();
      tf.dispose([x, target]);
    });

    it.each(Object.entries(droppers))('%s drops in training alone', async (_, make) => {
      const inputs = ['x', 'context'].map((name) => randomTensor(randomKey(name), [2, 4, 6]));
      const input = make({}).getClassName() === 'NeverendCrossAttention' ? inputs : inputs[0];
      const outputs = async (rates: Rates) => {
        const layer = make(rates);
        const ys = [{ training: true }, { training: true }, { training: false }, undefined].map(
          (kwargs) => layer.apply(input as tf.Tensor, kwargs) as tf.Tensor,
        );
        const values = await Promise.all(ys.map(async (y) => Array.from(await y.data())));
        tf.dispose(ys);
        layer.dispose();
        return values;
      };
      const plain = (await outputs({}))[0];
      for (const rates of ratesOf(make)) {
        const values = await outputs(rates);
        const [first, second, predicted, applied] = values;
        expect(predicted).toEqual(plain);
        expect(applied).toEqual(plain);
        expect(first).not.toEqual(plain);
        expect(second).not.toEqual(plain);
        expect(second).not.toEqual(first);
        // The numbers of a seed are the same in another layer.
        expect(await outputs(rates)).toEqual(values);
      }
      tf.dispose(inputs);
    });

    it('compute what the functions compute', async () => {
      const x = randomTensor(randomKey('x'), [2, 4, 6]);
      const layer = neverendEncoderBlock({ heads: 3, mlpWidth: 7, seed: 1, name: 'block' });
      const y = layer.apply(x) as tf.Tensor;
      const params = Object.fromEntries(
        layer.weights.map((weight) => [
          weight.originalName.replace(/^(block\/)+/, ''),
          weight.read(),
        ]),
      );
      const expected = encoderBlock(x, params, { heads: 3 });
      await expectTensorClose(y, { shape: [2, 4, 6], data: await expected.data() }, exact);
      const plain = neverendLinear({ units: 2, useBias: false, name: 'plain' });
      const z = plain.apply(x) as tf.Tensor;
      expect(plain.weights.map(({ originalName }) => originalName)).toEqual(['plain/plain/kernel']);
      const product = linear(x, plain.weights[0]?.read() as tf.Tensor);
      await expectTensorClose(z, { shape: [2, 4, 2], data: await product.data() }, exact);
      tf.dispose([x, y, expected, z, product]);
      layer.dispose();
      plain.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

const exact = { rtol: 0, atol: 0 };

/** A layer that builds two of ours by hand, as composite layers do. */
class Twice extends tfl.layers.Layer {
  static readonly className = 'NeverendTestTwice';
  readonly #parts = ['a', 'b'].map((name) => neverendLinear({ units: 3, name }));

  override build(inputShape: tfl.Shape): void {
    for (const part of this.#parts) {
      part.build(inputShape);
      this._trainableWeights.push(...part.trainableWeights);
    }
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
    return tf.tidy(() => this.#parts.reduce((y, part) => part.call(y, {}) as tf.Tensor, x));
  }
}

describe('a layer', () => {
  it('comes back from its config with every argument', () => {
    for (const make of Object.values(layers)) {
      const layer = make(3);
      const cls = layer.constructor as tf.serialization.SerializableConstructor<Layer>;
      const config = layer.getConfig();
      expect(config['seed']).toBe(3);
      const again = new cls(JSON.parse(JSON.stringify(config)));
      expect(again.getConfig()).toEqual(config);
    }
    const plain = neverendLinear({ units: 4, useBias: false });
    expect(plain.getConfig()).toMatchObject({ units: 4, useBias: false });
    const options = { qkNorm: true, causal: true };
    expect(neverendSpaceAttention({ heads: 2, ...options }).getConfig()).toMatchObject(options);
    expect(plain.getConfig()).not.toHaveProperty('seed');
  });

  it.each(Object.entries(droppers))('%s refuses a rate that is none', (_, make) => {
    for (const rates of ratesOf(make)) {
      const [name] = Object.keys(rates);
      for (const rate of [1, -0.1, Number.NaN]) {
        expect(() => make({ [String(name)]: rate })).toThrow(
          new RangeError(`${name} was ${rate}; it must be at least 0 and below 1`),
        );
      }
    }
  });

  it('has the weights of its seed', async () => {
    const kernels = [1, 1, 2].map((seed) => {
      const layer = neverendLinear({ units: 5, seed });
      layer.build([null, 6]);
      return layer.weights[0]?.read() as tf.Tensor;
    });
    const [first, same, other] = await Promise.all(
      kernels.map(async (kernel) => Array.from(await kernel.data())),
    );
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('tells the shape of its output', () => {
    expect(neverendLinear({ units: 5 }).computeOutputShape([null, 4, 6])).toEqual([null, 4, 5]);
    for (const [name, make] of Object.entries(layers).slice(1, -2)) {
      expect(make().computeOutputShape([null, 4, 6]), name).toEqual([null, 4, 6]);
    }
    const [token, pooling] = Object.values(layers)
      .slice(-2)
      .map((make) => make());
    expect(token?.computeOutputShape([null, 4, 6])).toEqual([null, 5, 6]);
    expect(token?.computeOutputShape([null, null, 6])).toEqual([null, null, 6]);
    expect(pooling?.computeOutputShape([null, 4, 6])).toEqual([null, 6]);
  });

  it('refuses wrong arguments and inputs by name', () => {
    expect(() => neverendLinear({ units: 0 })).toThrow(
      new ShapeError('units was 0; it must be a positive integer'),
    );
    expect(() => neverendMlp({ mlpWidth: 1.5 })).toThrow('mlpWidth was 1.5');
    expect(() => neverendEncoderBlock({ heads: -1, mlpWidth: 3 })).toThrow('heads was -1');
    const open = neverendLearnedPositions();
    expect(() => open.build([null, null, 6])).toThrow(
      'the second dimension of the input was not given; it must be a positive integer',
    );
    expect(() => neverendSpaceAttention({ heads: 4 }).build([null, 3, 6])).toThrow(
      'heads was 4; it must be a positive divisor of the width, 6',
    );
    const ints = tf.zeros([2, 6], 'int32');
    expect(() => neverendLinear({ units: 2 }).apply(ints)).toThrow(DTypeError);
    ints.dispose();
  });

  it('has names of its own for its weights inside another layer', async () => {
    tf.serialization.registerClass(Twice);
    const model = tfl.sequential({ layers: [new Twice({ inputShape: [3] })] });
    const x = tf.tensor2d([1, -2, 3], [1, 3]);
    const y = model.predict(x) as tf.Tensor;
    const loaded = await reloadModel(model);
    const again = loaded.predict(x) as tf.Tensor;
    await expectTensorClose(again, { shape: [1, 3], data: await y.data() }, exact);
    tf.dispose([x, y, again]);
    model.dispose();
    loaded.dispose();
  });

  it('may be registered again', async () => {
    register();
    register();
    const model = tfl.sequential({ layers: [neverendLinear({ units: 2, inputShape: [3] })] });
    const loaded = await reloadModel(model);
    expect(loaded.layers[0]?.getClassName()).toBe('NeverendLinear');
    model.dispose();
    loaded.dispose();
  });
});
