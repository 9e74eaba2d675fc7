import { DTypeError, randomKey, ShapeError, useBackend } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
  reloadModel,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { layerNorm, linear, rmsNorm } from '../src/index.ts';
import {
  byDefault,
  defineLayer,
  flag,
  inputWidth,
  oneOf,
  optional,
  registerLayers,
  required,
  size,
} from '../src/layers/index.ts';
import { neverendLayerNorm, neverendLinear, neverendRmsNorm, register } from '../src/register.ts';

const exact = { rtol: 0, atol: 0 };

const layers = {
  NeverendLinear: () => neverendLinear({ units: 5, seed: 1 }),
  NeverendLayerNorm: () => neverendLayerNorm({ eps: 0.1 }),
  NeverendRmsNorm: () => neverendRmsNorm({ eps: 0.1 }),
} as const;

/** What a layer computes, from its weights in the order in which it has them. */
const functions: Readonly<
  Record<keyof typeof layers, (x: tf.Tensor, weights: tf.Tensor[]) => tf.Tensor>
> = {
  NeverendLinear: (x, [kernel, bias]) => linear(x, kernel as tf.Tensor, bias),
  NeverendLayerNorm: (x, [scale, bias]) => layerNorm(x, scale as tf.Tensor, bias as tf.Tensor, 0.1),
  NeverendRmsNorm: (x, [scale]) => rmsNorm(x, scale as tf.Tensor, { eps: 0.1, offset: 1 }),
};

await describeBackends('the layers', () => {
  it.each(Object.keys(layers) as (keyof typeof layers)[])(
    '%s gives what its function gives, also after save and load, without a leak',
    async (name) => {
      await expectNoLeak(async () => {
        const x = randomTensor(randomKey('x'), [2, 4, 6]);
        const model = tfl.sequential({
          layers: [neverendRmsNorm({ inputShape: [4, 6] }), layers[name]()],
        });
        const weights = model.layers[1]?.getWeights() ?? [];
        const inner = tf.zeros([6]);
        const normed = rmsNorm(x, inner, { eps: 1e-6, offset: 1 });
        const expected = functions[name](normed, weights);
        const loaded = await reloadModel(model);
        for (const one of [model, loaded]) {
          const y = one.predict(x) as tf.Tensor;
          await expectTensorClose(y, { shape: expected.shape, data: await expected.data() }, exact);
          y.dispose();
        }
        expect(loaded.layers[1]?.getClassName()).toBe(name);
        tf.dispose([x, inner, normed, expected]);
        model.dispose();
        loaded.dispose();
      });
    },
  );
});

describe('a defined layer', () => {
  beforeAll(() => useBackend('cpu'));

  it('takes the mask of an embedding where it masks, also behind the layers here, and no mask of something else', async () => {
    const seen: (number[] | undefined)[] = [];
    const make = () =>
      defineLayer({
        name: 'NeverendTestMask',
        args: {},
        masks: true,
        forward: ([x], _, { mask }) => {
          seen.push(mask && [...mask.dataSync()]);
          return tf.clone(x);
        },
      })();
    const model = tfl.sequential({
      layers: [
        tfl.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 3, maskZero: true }),
        ...Object.values(layers).map((layer) => layer()),
        ...[make(), make()],
        ...[tfl.layers.globalAveragePooling1d({}), make()],
      ],
    });
    const tokens = tf.tensor2d([1, 0, 2, 3, 4, 0], [2, 3]);
    tf.dispose(model.predict(tokens));
    const mask = [1, 0, 1, 1, 1, 0];
    expect(seen).toEqual([mask, mask, undefined]);
    tokens.dispose();
    model.dispose();
  });

  it('that takes no mask refuses one by name, of an embedding, of layers.masking and in a model of models', () => {
    const make = () =>
      defineLayer({ name: 'NeverendTestUnmasked', args: {}, forward: ([x]) => tf.clone(x) })({
        name: 'sums',
      });
    const message = 'the layer "sums" was given a mask; NeverendTestUnmasked takes none';
    const vectors = { inputShape: [3, 2] };
    const chains = [
      [tfl.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 3, maskZero: true }), make()],
      [tfl.layers.masking(vectors), neverendRmsNorm(), make()],
      [tfl.sequential({ layers: [tfl.layers.masking(vectors), make()] })],
    ];
    for (const [at, layers] of chains.entries()) {
      const model = tfl.sequential({ layers });
      expect(() => model.predict(tf.ones(at === 0 ? [2, 3] : [2, 3, 2]))).toThrow(message);
      model.dispose();
    }
    const unmasked = tfl.sequential({
      layers: [tfl.layers.dense({ units: 2, ...vectors }), make()],
    });
    expect(() => unmasked.predict(tf.ones([2, 3, 2]))).not.toThrow();
  });

  it('never gives the shape away that it was asked about', () => {
    const told = [null, 4, 6];
    const asked = [...Object.values(layers).map((make) => make()), split({ parts: 2 })];
    for (const layer of asked) {
      for (const part of layer.computeOutputShape(told)) if (Array.isArray(part)) part.fill(9);
      layer.computeOutputShape(told).fill(9 as never);
      expect(told).toEqual([null, 4, 6]);
    }
  });

  it.each([
    'l1l2',
    tfl.regularizers.l2({ l2: 0.25 }),
    { className: 'L1L2', config: { l1: 0.1, l2: 0.25 } },
  ])('has the regulariser of layers.dense, also after save and load: %o', async (regularizer) => {
    const args = { units: 2, inputShape: [3], kernelRegularizer: regularizer as 'l1l2' };
    const x = randomTensor(randomKey('x'), [4, 3]);
    const target = randomTensor(randomKey('target'), [4, 2]);
    const start = [randomTensor(randomKey('kernel'), [3, 2]), tf.tensor1d([0.01, 0.5])];
    const [expected, met, plain] = await Promise.all(
      [
        tfl.layers.dense(args),
        neverendLinear(args),
        neverendLinear({ units: 2, inputShape: [3] }),
      ].map(async (layer) => {
        const model = await reloadModel(tfl.sequential({ layers: [layer] }));
        model.setWeights(start);
        model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
        const losses: number[] = [];
        for (let step = 0; step < 3; step++) {
          losses.push((await model.trainOnBatch(x, target)) as number);
        }
        return losses;
      }),
    );
    for (const [step, loss] of (expected as number[]).entries()) {
      expect(met?.[step]).toBeCloseTo(loss, 5);
    }
    expect((met?.[0] ?? 0) - (plain?.[0] ?? 0)).toBeGreaterThan(0.01);
  });

  it('refuses what is no regulariser, weights that have none, and constraints, by name', () => {
    const make = (args: object) => () => neverendLinear({ units: 2, ...args });
    expect(make({ kernelRegularizer: 'l3' })).toThrow(
      new TypeError('kernelRegularizer was "l3"; it must be a regularizer of tf.layers'),
    );
    expect(make({ biasRegularizer: {} })).toThrow('biasRegularizer was ');
    for (const option of ['recurrentRegularizer', 'kernelConstraint', 'activityRegularizer']) {
      expect(make({ [option]: 'l1l2' })).toThrow(`NeverendLinear has no option "${option}"`);
    }
    expect(() => neverendRmsNorm({ kernelRegularizer: 'l1l2' } as object)).toThrow(
      'NeverendRmsNorm has no option "kernelRegularizer"; it takes eps, scaleRegularizer',
    );
  });

  it('refuses a dtype but float32', () => {
    expect(() => neverendLinear({ units: 2, dtype: 'int32' })).toThrow(
      new DTypeError('dtype was int32; it must be float32'),
    );
    expect(() => neverendLinear({ units: 2, dtype: 'float32' })).not.toThrow();
  });

  it.each(Object.keys(layers) as (keyof typeof layers)[])(
    '%s goes through layers.timeDistributed, also after save and load',
    async (name) => {
      const layer = layers[name]();
      const x = randomTensor(randomKey('x'), [2, 3, 4, 6]);
      const model = tfl.sequential({
        layers: [tfl.layers.timeDistributed({ layer, inputShape: [3, 4, 6] })],
      });
      const loaded = await reloadModel(model);
      const expected = layer.apply(tf.reshape(x, [6, 4, 6])) as tf.Tensor;
      for (const of of [model, loaded]) {
        const y = tf.reshape(of.predict(x) as tf.Tensor, expected.shape);
        await expectTensorClose(y, { shape: expected.shape, data: await expected.data() });
      }
    },
  );

  it('has the mask of steps for all tokens of a step', () => {
    const seen: number[][] = [];
    const layer = defineLayer({
      name: 'NeverendTestSteps',
      args: {},
      masks: true,
      forward: ([x], _, { mask }) => {
        seen.push([...(mask as tf.Tensor).dataSync()]);
        return tf.clone(x);
      },
    })();
    layer.apply(tf.zeros([1, 2, 3, 4]), { mask: tf.tensor2d([[1, 0]], [1, 2], 'bool') });
    expect(seen).toEqual([[1, 1, 1, 0, 0, 0]]);
  });

  it('checks its arguments beside one another when it is made', () => {
    const layer = defineLayer({
      name: 'NeverendTestPair',
      args: { least: required(size), most: required(size) },
      check: ({ least, most }) => {
        if (least > most) throw new RangeError(`least was ${least}; most was ${most}`);
      },
      forward: ([x]) => tf.clone(x),
    });
    expect(() => layer({ least: 1, most: 2 })).not.toThrow();
    expect(() => layer({ least: 3, most: 2 })).toThrow('least was 3; most was 2');
  });

  const split = defineLayer({
    name: 'NeverendTestSplit',
    args: {
      parts: required(size),
      order: byDefault('forwards', oneOf('forwards', 'backwards')),
      twice: optional(flag),
    },
    forward: ([x], _params, { args: { parts, order, twice } }) => {
      const pieces = tf.split(twice === true ? tf.mul(x, 2) : x, parts, -1);
      return order === 'forwards' ? pieces : pieces.reverse();
    },
    outputShape: ([shape], { parts }) =>
      Array.from({ length: parts }, () => [
        ...shape.slice(0, -1),
        inputWidth(shape.map((one) => one ?? undefined)) / parts,
      ]),
  });

  it('may have several outputs', async () => {
    registerLayers(split);
    const x = tfl.input({ shape: [4] });
    const outputs = split({ parts: 2, order: 'backwards' }).apply(x) as tfl.SymbolicTensor[];
    const model = tfl.model({ inputs: x, outputs });
    const loaded = await reloadModel(model);
    const [first, second] = loaded.predict(tf.tensor2d([[1, 2, 3, 4]])) as tf.Tensor[];
    await expectTensorClose(first as tf.Tensor, { shape: [1, 2], data: [3, 4] }, exact);
    await expectTensorClose(second as tf.Tensor, { shape: [1, 2], data: [1, 2] }, exact);
    model.dispose();
    loaded.dispose();
  });

  it('has every argument and its default in its config, and none that was left out', () => {
    const config = split({ parts: 2, name: 'split' }).getConfig();
    expect(config).toEqual({ name: 'split', trainable: true, parts: 2, order: 'forwards' });
    expect(new split.Layer(config as { parts: number }).getConfig()).toEqual(config);
    expect(split({ parts: 1, twice: false }).getConfig()).toMatchObject({ twice: false });
  });

  it('refuses an argument that it does not have, and wrong values, by name', () => {
    const unknown = (args: object) => () => split(args as { parts: number });
    expect(unknown({ parts: 2, Order: 'backwards' })).toThrow(
      'NeverendTestSplit has no option "Order"; it takes parts, order, twice, inputShape',
    );
    // It draws no random numbers.
    expect(unknown({ parts: 2, seed: 1 })).toThrow('NeverendTestSplit has no option "seed"');
    expect(unknown({})).toThrow(
      new ShapeError('parts was not given; it must be a positive integer'),
    );
    expect(unknown({ parts: 2, order: 'sideways' })).toThrow(
      new RangeError('order was "sideways"; it must be "forwards" or "backwards"'),
    );
    expect(unknown({ parts: 2, twice: 1 })).toThrow(
      new TypeError('twice was 1; it must be true or false'),
    );
    expect(() => neverendLayerNorm({ eps: -1 })).toThrow(
      new RangeError('eps was -1; it must be a finite number >= 0'),
    );
    expect(() => neverendLinear({ units: 2, usebias: false } as { units: number })).toThrow(
      'NeverendLinear has no option "usebias"',
    );
    expect(() => neverendRmsNorm().build([null, 4, null])).toThrow(
      'the last dimension of the input was not given; it must be a positive integer',
    );
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
