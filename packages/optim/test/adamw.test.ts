import '@tensorflow/tfjs-layers';
import { DTypeError, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectClose,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { AdamW, type AdamWOptions, clipByGlobalNorm, warmupCosine } from '../src/index.ts';

interface Settings {
  readonly steps: number;
  readonly maxNorm: number;
  readonly peak: number;
  readonly warmupSteps: number;
  readonly final: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

const golden = readGolden(new URL('golden/adamw.json', import.meta.url));
const settings = golden.meta as unknown as Settings;

/** The golden arrays below a prefix, under the rest of their names. */
function goldenArrays(prefix: string) {
  return Object.entries(golden.arrays)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, array]) => [name.slice(prefix.length), array] as const);
}

function goldenTensors(prefix: string): tf.NamedTensorMap {
  return Object.fromEntries(
    goldenArrays(prefix).map(([name, { data, shape }]) => [
      name,
      tf.tensor([...data], [...shape], 'float32'),
    ]),
  );
}

const made: tf.Variable[] = [];

/** Variables under exactly these names, gone after the test. */
function variables(tensors: tf.NamedTensorMap): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const variable = tf.variable(tensor, true, name);
      tensor.dispose();
      made.push(variable);
      return [name, variable];
    }),
  );
}

function variable(name: string, values: number[], shape?: number[]): tf.Variable {
  const { [name]: created } = variables({ [name]: tf.tensor(values, shape, 'float32') });
  if (created === undefined) throw new Error(`no variable ${name}`);
  return created;
}

/** Gradients of three variables that depend on the step only. */
function gradientsAt(step: number): tf.NamedTensorMap {
  const gradient = (name: string, shape: number[]) =>
    randomTensor(randomKey('gradient', name, step), shape);
  const grads = { 'a/kernel': gradient('a', [4, 3]), 'a/bias': gradient('b', [3]) };
  // One variable joins late.
  return step < 2 ? grads : { ...grads, 'c/kernel': gradient('c', []) };
}

function startVariables() {
  const start = (name: string, shape: number[]) => randomTensor(randomKey('start', name), shape);
  return variables({
    'a/kernel': start('a', [4, 3]),
    'a/bias': start('b', [3]),
    'c/kernel': start('c', []),
  });
}

const grouped: AdamWOptions = {
  learningRate: 0.01,
  groups: [
    { match: (name) => name.endsWith('bias'), weightDecay: 0 },
    { match: (name) => name.startsWith('c/'), learningRateScale: 0.1 },
  ],
};

function advance(optimizer: AdamW, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const grads = gradientsAt(step);
    optimizer.applyGradients(grads);
    tf.dispose(grads);
  }
}

async function valuesOf(tensors: Readonly<Record<string, tf.Tensor>>) {
  const values: Record<string, number[]> = {};
  for (const [name, tensor] of Object.entries(tensors)) values[name] = [...(await tensor.data())];
  return values;
}

/** AdamW of one number as algorithm 2 of the paper writes it. */
function naiveAdamW(weight: number, grads: readonly number[], options: Required<AdamWOptions>) {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options;
  let [theta, m, v] = [weight, 0, 0];
  grads.forEach((g, index) => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** (index + 1));
    const vHat = v / (1 - beta2 ** (index + 1));
    theta -= learningRate * (mHat / (Math.sqrt(vHat) + epsilon) + weightDecay * theta);
  });
  return { theta, m, v };
}

afterEach(() => tf.dispose(made.splice(0)));

await describeBackends('AdamW', () => {
  it('follows PyTorch over groups, a schedule, clipping and a variable that joins late', async () => {
    poisonMemory();
    const weights = variables(goldenTensors('w0/'));
    const { beta1, beta2, epsilon, weightDecay } = settings;
    const optimizer = new AdamW({
      ...{ beta1, beta2, epsilon, weightDecay },
      learningRate: settings.peak,
      groups: [
        { match: (name) => name.endsWith('bias'), weightDecay: 0 },
        {
          match: (name) => name.endsWith('head/kernel'),
          weightDecay: 0.5,
          learningRateScale: 0.25,
        },
      ],
    });
    const { peak, warmupSteps, final, steps: totalSteps } = settings;
    const schedule = warmupCosine({ peak, warmupSteps, totalSteps, final });
    const norms: number[] = [];
    const rates: number[] = [];
    for (let step = 1; step <= settings.steps; step++) {
      const grads = goldenTensors(`g${step}/`);
      const clipped = clipByGlobalNorm(grads, settings.maxNorm);
      rates.push(schedule(step));
      optimizer.setLearningRate(schedule(step));
      optimizer.applyGradients(clipped.grads);
      norms.push((await clipped.norm.data())[0] ?? Number.NaN);
      tf.dispose([grads, clipped.grads, clipped.norm]);
      for (const [name, array] of goldenArrays(`w${step}/`)) {
        await expectTensorClose(weights[name] as tf.Tensor, array);
      }
    }
    expectClose(norms, golden.arrays['norms']?.data ?? []);
    expectClose(rates, golden.arrays['learning rates']?.data ?? [], { rtol: 1e-14, atol: 0 });
    expect(optimizer.step).toBe(settings.steps);
    const state = optimizer.state();
    for (const key of ['m', 'v']) {
      for (const [name, array] of goldenArrays(`${key}/`)) {
        await expectTensorClose(state[`${name}/${key}`] as tf.Tensor, array);
      }
    }
    expect(Object.keys(state)).toHaveLength(1 + 3 * goldenArrays('m/').length);
    optimizer.dispose();
  });

  it('equals the algorithm of the paper for any settings', async () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const examples = fc.record({
      options: fc.record({
        learningRate: number(0, 0.1),
        beta1: number(0, 0.95),
        beta2: number(0.5, 0.9999),
        epsilon: number(1e-8, 1e-2),
        weightDecay: number(0, 1),
        groups: fc.constant([]),
      }),
      size: fc.integer({ min: 1, max: 9 }),
      steps: fc.integer({ min: 1, max: 6 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(examples, async ({ options, size, steps, seed }) => {
        const start = randomNormal(randomKey(seed, 'w'), size);
        const grads = Array.from({ length: steps }, (_, step) =>
          randomNormal(randomKey(seed, 'g', step), size),
        );
        const weight = variable('w', [...start]);
        const optimizer = new AdamW(options);
        for (const grad of grads) {
          const tensor = tf.tensor1d(grad);
          optimizer.applyGradients({ w: tensor });
          tensor.dispose();
        }
        const expected = [...start].map((value, index) =>
          naiveAdamW(
            value,
            grads.map((grad) => grad[index] ?? Number.NaN),
            options,
          ),
        );
        const state = optimizer.state();
        await expectTensorClose(
          weight,
          expected.map(({ theta }) => theta),
        );
        await expectTensorClose(
          state['w/m'] as tf.Tensor,
          expected.map(({ m }) => m),
        );
        await expectTensorClose(
          state['w/v'] as tf.Tensor,
          expected.map(({ v }) => v),
        );
        optimizer.dispose();
        tf.dispose(made.splice(0));
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('without decay steps as the stock Adam does', async () => {
    const weight = variable('w', [1, -2, 3]);
    const twin = variable('twin', [1, -2, 3]);
    const optimizer = new AdamW({ learningRate: 0.05, weightDecay: 0 });
    const stock = tf.train.adam(0.05, 0.9, 0.999, 1e-8);
    for (const g of [
      [1, 2, 3],
      [-1, 0, 0.5],
      [0, 0, 1e-3],
    ]) {
      const tensor = tf.tensor1d(g);
      optimizer.applyGradients({ w: tensor });
      stock.applyGradients([{ name: 'twin', tensor }]);
      tensor.dispose();
    }
    await expectTensorClose(weight, await twin.data());
    optimizer.dispose();
    stock.dispose();
  });

  it('minimises a cost, of the listed variables only', async () => {
    const x = variable('x', [1, 2]);
    const y = variable('y', [3]);
    const unused = variable('unused', [5]);
    const optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0.5 });
    const cost = () => tf.sum(tf.square(tf.mul(x, y))) as tf.Scalar;
    const value = optimizer.minimize(cost, true, [x, unused]);
    expect(await value?.data()).toEqual(Float32Array.of(45));
    // The first step is the sign of the gradient times the rate, after the decay.
    await expectTensorClose(x, [1 * 0.95 - 0.1, 2 * 0.95 - 0.1]);
    await expectTensorClose(y, [3]);
    await expectTensorClose(unused, [5]);
    expect(Object.keys(optimizer.state())).toEqual(['iter', 'x/m', 'x/v', 'x/step']);
    value?.dispose();
    optimizer.dispose();
  });

  it('trains a model of tf.layers', async () => {
    const layers = await import('@tensorflow/tfjs-layers');
    const model = layers.sequential({
      layers: [layers.layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'zeros' })],
    });
    const optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const xs = tf.tensor2d([
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 0],
    ]);
    const ys = tf.tensor2d([[2], [-1], [1], [0]]);
    await model.fit(xs, ys, { epochs: 150, batchSize: 4, shuffle: false, verbose: 0 });
    await expectTensorClose(model.getWeights()[0] as tf.Tensor, [2, -1], { rtol: 0, atol: 0.05 });
    tf.dispose([xs, ys]);
    model.dispose();
    optimizer.dispose();
  });

  it('comes back with a model that was saved with it', async () => {
    const layers = await import('@tensorflow/tfjs-layers');
    tf.serialization.registerClass(AdamW);
    const model = layers.sequential({
      layers: [layers.layers.dense({ units: 1, inputShape: [1] })],
    });
    const options = { learningRate: 0.1, weightDecay: 0.5, beta1: 0.5 };
    const optimizer = new AdamW(options);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const grads = Object.fromEntries(
      model.getWeights().map((weight) => [(weight as tf.Variable).name, tf.onesLike(weight)]),
    );
    optimizer.applyGradients(grads);
    const artifacts = await new Promise<tf.io.ModelArtifacts>((resolve, reject) => {
      const handler = tf.io.withSaveHandler(async (saved) => {
        resolve(saved);
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      });
      model.save(handler, { includeOptimizer: true }).catch(reject);
    });
    const loaded = await layers.loadLayersModel(tf.io.fromMemory(artifacts));
    const copy = loaded.optimizer as AdamW;
    expect(copy.getConfig()).toEqual(optimizer.getConfig());
    expect(await valuesOf(copy.state())).toEqual(await valuesOf(optimizer.state()));
    expect(copy.step).toBe(1);
    tf.dispose(grads);
    for (const part of [model, loaded, optimizer, copy]) part.dispose();
  });

  it('goes on from restored state as if it had never stopped, bit by bit', async () => {
    const straight = startVariables();
    const uninterrupted = new AdamW(grouped);
    advance(uninterrupted, 0, 7);
    const expected = await valuesOf(straight);
    uninterrupted.dispose();

    const stops: Record<string, (from: AdamW, to: AdamW) => Promise<void>> = {
      state: (from, to) => to.restore(from.state()),
      weights: async (from, to) => to.setWeights((await from.getWeights()).toReversed()),
    };
    for (const carry of Object.values(stops)) {
      tf.dispose(made.splice(0));
      const weights = startVariables();
      const first = new AdamW(grouped);
      advance(first, 0, 4);
      const second = new AdamW(grouped);
      await carry(first, second);
      first.dispose();
      expect(second.step).toBe(4);
      expect(await second.state()['c/kernel/step']?.data()).toEqual(Int32Array.of(2));
      advance(second, 4, 7);
      expect(await valuesOf(weights)).toEqual(expected);
      second.dispose();
    }
  });

  it('takes a variable without a step of its own as updated in every step', async () => {
    const weight = variable('w', [1]);
    const [iter, m, v] = [tf.scalar(2, 'int32'), tf.tensor1d([0.19]), tf.tensor1d([0.001999])];
    const optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0 });
    // Two steps of gradient 1: m = 1 - 0.9^2, v = 1 - 0.999^2.
    await optimizer.restore({ iter, 'w/m': m, 'w/v': v });
    const grad = tf.tensor1d([1]);
    optimizer.applyGradients({ w: grad });
    await expectTensorClose(weight, [0.9]);
    optimizer.dispose();
    tf.dispose([iter, m, v, grad]);
  });

  it('puts new tensors in place of the old ones, so that earlier clones stay as they were', async () => {
    const weight = variable('w', [1, 2]);
    const before = tf.clone(weight);
    const grad = tf.tensor1d([1, -1]);
    const optimizer = new AdamW({ learningRate: 0.1 });
    optimizer.applyGradients([{ name: 'w', tensor: grad }]);
    await expectTensorClose(before, [1, 2], { rtol: 0, atol: 0 });
    await expectTensorClose(weight, [0.899, 2.098]);
    tf.dispose([before, grad]);
    optimizer.dispose();
  });

  it('keeps two tensors a variable and one a count, and none after it is disposed', async () => {
    startVariables();
    await expectNoLeak(async () => {
      const optimizer = new AdamW(grouped);
      advance(optimizer, 0, 3);
      const before = tf.memory().numTensors;
      await expectNoLeak(() => advance(optimizer, 3, 6));
      await expectNoLeak(() => optimizer.restore(optimizer.state()));
      const weights = await optimizer.getWeights();
      expect(weights.map(({ name }) => name).slice(0, 4)).toEqual([
        'iter',
        'a/kernel/m',
        'a/kernel/v',
        'a/kernel/step',
      ]);
      optimizer.dispose();
      // The variable that joined late has another count.
      expect(before - tf.memory().numTensors).toBe(6 + 2);
      expect(optimizer.step).toBe(0);
    });
  });

  it('keeps its state inside of a tidy', async () => {
    startVariables();
    const optimizer = new AdamW(grouped);
    tf.tidy(() => {
      advance(optimizer, 0, 1);
      optimizer.state();
    });
    await optimizer.restore(optimizer.state());
    advance(optimizer, 1, 3);
    expect(optimizer.step).toBe(3);
    optimizer.dispose();
  });

  it('changes nothing and leaks nothing when a gradient does not fit', async () => {
    const a = variable('a', [1, 2]);
    variable('b', [1, 2, 3]);
    const good = tf.tensor1d([1, 1]);
    const optimizer = new AdamW({ learningRate: 0.1 });
    const apply = (grads: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[]) =>
      expectNoLeak(() => optimizer.applyGradients(grads));
    await expect(apply({ a: good, b: good })).rejects.toThrow(
      new ShapeError('the gradient of "b" has shape [2]; it must be [3]'),
    );
    await expect(apply({ a: good, c: good })).rejects.toThrow(
      new RangeError('gradients name "c"; no variable of that name exists'),
    );
    const twice = [
      { name: 'a', tensor: good },
      { name: 'a', tensor: good },
    ];
    await expect(apply(twice)).rejects.toThrow(new RangeError('gradients name "a" twice'));
    const integers = tf.tensor1d([1, 1], 'int32');
    await expect(apply({ a: integers })).rejects.toThrow(
      new DTypeError('the gradient of "a" was int32; it must be float32'),
    );
    expect(optimizer.step).toBe(0);
    await expectTensorClose(a, [1, 2]);
    tf.dispose([good, integers]);
  });
});

describe('AdamW', () => {
  it('refuses options outside of their ranges', () => {
    const refused: readonly [Partial<AdamWOptions>, string][] = [
      [{ learningRate: -1 }, 'learningRate was -1; it must be a finite number >= 0'],
      [{ learningRate: Number.NaN }, 'learningRate was NaN; it must be a finite number >= 0'],
      [{ beta1: 1 }, 'beta1 was 1; it must be in [0, 1)'],
      [{ beta2: -0.1 }, 'beta2 was -0.1; it must be in [0, 1)'],
      [{ epsilon: -1 }, 'epsilon was -1; it must be a finite number >= 0'],
      [{ weightDecay: -1 }, 'weightDecay was -1; it must be a finite number >= 0'],
      [
        { groups: [{ match: () => true, learningRateScale: -2 }] },
        'learningRateScale was -2; it must be a finite number >= 0',
      ],
    ];
    for (const [options, message] of refused) {
      expect(() => new AdamW({ learningRate: 0.1, ...options })).toThrow(new RangeError(message));
    }
    expect(() => new AdamW({ ...{ learningrate: 1 }, learningRate: 1 })).toThrow(
      new TypeError(
        'AdamW has no option "learningrate"; it takes learningRate, weightDecay, groups, beta1, beta2, epsilon',
      ),
    );
    const group = { ...{ weight_decay: 1 }, match: () => true };
    expect(() => new AdamW({ learningRate: 1, groups: [group] })).toThrow(
      new TypeError(
        'a group has no option "weight_decay"; it takes match, learningRateScale, weightDecay',
      ),
    );
    const optimizer = new AdamW({ learningRate: 0.1 });
    expect(() => optimizer.setLearningRate(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(optimizer.learningRate).toBe(0.1);
  });

  it('comes back from its config, and refuses to drop groups', () => {
    const options = { learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.2 };
    const copy = AdamW.fromConfig(AdamW, new AdamW(options).getConfig());
    expect(copy.getConfig()).toEqual(options);
    expect(copy.getClassName()).toBe('NeverendAdamW');
    expect(() => new AdamW(grouped).getConfig()).toThrow(TypeError);
  });
});
