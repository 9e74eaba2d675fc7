import '@tensorflow/tfjs-layers';
import { DTypeError, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ExponentialMovingAverage,
  Lion,
  type LionOptions,
  SGD,
  type SGDOptions,
} from '../src/index.ts';
import { disposeVariables, numbers, variable } from './fixtures/variables.ts';

interface Settings {
  readonly steps: number;
  readonly learningRate: number;
  readonly emaDecay: number;
  readonly SGD: Record<string, Omit<SGDOptions, 'learningRate'>>;
  readonly Lion: Record<string, Omit<LionOptions, 'learningRate'>>;
}

const { meta, arrays } = readGolden(new URL('golden/optimizers.json', import.meta.url));
const settings = meta as unknown as Settings;
const { steps, learningRate } = settings;

function array(name: string) {
  const found = arrays[name];
  if (found === undefined) throw new Error(`no golden array ${name}`);
  return found;
}

function gradient(step: number): tf.Tensor {
  const { data, shape } = array(`g${step}`);
  return tf.tensor([...data], [...shape], 'float32');
}

function advance(optimizer: tf.Optimizer, step: number): void {
  const w = gradient(step);
  optimizer.applyGradients({ w });
  w.dispose();
}

const makers: Record<string, () => SGD | Lion> = {
  ...Object.fromEntries(
    Object.entries(settings.SGD).map(([name, options]) => [
      name,
      () => new SGD({ learningRate, ...options }),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(settings.Lion).map(([name, options]) => [
      name,
      () => new Lion({ learningRate, ...options }),
    ]),
  ),
};

afterEach(disposeVariables);

await describeBackends('SGD and Lion', () => {
  it.each(Object.keys(makers))('follows PyTorch or optax: %s', async (name) => {
    poisonMemory();
    const weight = variable('w', array('w0'));
    const optimizer = makers[name]?.();
    if (optimizer === undefined) throw new Error(`no optimiser ${name}`);
    await expectNoLeak(async () => {
      for (let step = 1; step <= steps; step++) {
        advance(optimizer, step);
        await expectTensorClose(weight, array(`${name}/w${step}`));
      }
      const state = optimizer.state();
      for (const key of ['m', 'momentum']) {
        const expected = arrays[`${name}/${key}`];
        if (expected !== undefined)
          await expectTensorClose(state[`w/${key}`] as tf.Tensor, expected);
        else expect(state[`w/${key}`]).toBeUndefined();
      }
      optimizer.dispose();
    });
  });

  it.each(Object.keys(makers))('stops and continues with the same bits: %s', async (name) => {
    const weight = variable('w', array('w0'));
    const [first, second, third] = [makers[name]?.(), makers[name]?.(), makers[name]?.()];
    if (!first || !second || !third) throw new Error(`no optimiser ${name}`);
    for (let step = 1; step <= 4; step++) advance(first, step);
    await second.restore(first.state());
    await third.setWeights((await first.getWeights()).toReversed());
    const there = tf.clone(weight);
    const outcomes: number[][] = [];
    for (const optimizer of [first, second, third]) {
      weight.assign(there);
      for (let step = 5; step <= steps; step++) advance(optimizer, step);
      outcomes.push(await numbers(weight));
      expect(optimizer.step).toBe(steps);
      optimizer.dispose();
    }
    there.dispose();
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it.each(Object.keys(makers))('makes NaN of what has a gradient that is NaN: %s', async (name) => {
    const w = variable('w', { data: [1, 1], shape: [2] });
    const optimizer = makers[name]?.();
    const gradients = { w: tf.tensor1d([Number.NaN, 1]) };
    optimizer?.applyGradients(gradients);
    expect((await numbers(w)).map(Number.isNaN)).toEqual([true, false]);
    gradients.w.dispose();
    optimizer?.dispose();
  });

  it('decays weights beside the step where SGD is asked to, as momentum does not see', async () => {
    // Two steps of gradient 1: u = 1, then 1.5; the weight first keeps 1 - 0.1 * 0.5 of itself.
    const weight = variable('w', { data: [2], shape: [1] });
    const optimizer = new SGD({
      learningRate: 0.1,
      momentum: 0.5,
      weightDecay: 0.5,
      decoupled: true,
    });
    const w = tf.tensor1d([1]);
    optimizer.applyGradients({ w });
    await expectTensorClose(weight, [1.8]);
    optimizer.applyGradients({ w });
    await expectTensorClose(weight, [1.56]);
    optimizer.dispose();
    w.dispose();
  });
});

await describeBackends('ExponentialMovingAverage', () => {
  it("follows PyTorch's AveragedModel, and continues from its state with the same bits", async () => {
    poisonMemory();
    const weight = variable('w', array('w0'));
    await expectNoLeak(async () => {
      const average = new ExponentialMovingAverage(settings.emaDecay);
      const continued = new ExponentialMovingAverage(settings.emaDecay);
      const optimizer = new SGD({ learningRate });
      for (let step = 1; step <= steps; step++) {
        if (step === 5) await continued.restore(average.state());
        advance(optimizer, step);
        average.update([weight]);
        if (step >= 5) continued.update([weight]);
        await expectTensorClose(average.state()['w/average'] as tf.Tensor, array(`ema/w${step}`));
      }
      expect(continued.step).toBe(steps);
      expect(await numbers(continued.state()['w/average'])).toEqual(
        await numbers(average.state()['w/average']),
      );
      for (const disposable of [average, continued, optimizer]) disposable.dispose();
    });
  });

  it('lends the averages to the variables and gives the weights back', async () => {
    const weight = variable('w', { data: [1, 2], shape: [2] });
    await expectNoLeak(async () => {
      const average = new ExponentialMovingAverage(0.75);
      average.update([weight]);
      tf.tidy(() => weight.assign(tf.tensor1d([5, 6])));
      average.update([weight]);
      average.swap();
      expect(await numbers(weight)).toEqual([2, 3]);
      average.swap();
      expect(await numbers(weight)).toEqual([5, 6]);
      expect(await numbers(average.state()['w/average'])).toEqual([2, 3]);
      average.dispose();
    });
  });

  it('refuses what does not fit, and changes nothing then', async () => {
    const weight = variable('w', { data: [1, 2], shape: [2] });
    const average = new ExponentialMovingAverage(0.5);
    const [iter, wrong] = [tf.scalar(3, 'int32'), tf.tensor1d([1, 2, 3])];
    await expect(average.restore({ iter, 'w/average': wrong })).rejects.toThrow(
      new ShapeError('the state does not fit: "w/average" was [3]; it must be [2]'),
    );
    await average.restore({ iter, 'gone/average': wrong });
    expect(() => average.swap()).toThrow(
      new RangeError('the average of "gone" has no variable of that name and the shape [3]'),
    );
    const integers = tf.variable(tf.zeros([2], 'int32'));
    expect(() => average.update([weight, integers])).toThrow(DTypeError);
    expect(average.step).toBe(3);
    expect(await numbers(weight)).toEqual([1, 2]);
    average.dispose();
    tf.dispose([iter, wrong, integers]);
  });
});

describe('options', () => {
  it('are refused outside of their ranges', () => {
    expect(() => new Lion({ learningRate: 0.1, beta2: 1 })).toThrow(
      new RangeError('beta2 was 1; it must be in [0, 1)'),
    );
    expect(() => new SGD({ learningRate: 0.1, momentum: 1 })).toThrow(
      new RangeError('momentum was 1; it must be in [0, 1)'),
    );
    expect(() => new SGD({ learningRate: 0.1, nesterov: true })).toThrow(
      new RangeError('nesterov was true with momentum 0; it needs momentum above 0'),
    );
    expect(() => new Lion({ ...{ epsilon: 1 }, learningRate: 1 })).toThrow(
      new TypeError(
        'Lion has no option "epsilon"; it takes learningRate, weightDecay, groups, beta1, beta2',
      ),
    );
    expect(() => new SGD({ ...{ dampening: 1 }, learningRate: 1 })).toThrow(TypeError);
    expect(() => new ExponentialMovingAverage(1)).toThrow(
      new RangeError('decay was 1; it must be in [0, 1)'),
    );
  });

  it('come back from a config', () => {
    const lion = { learningRate: 0.1, beta1: 0.8, beta2: 0.9, weightDecay: 0.2 };
    expect(Lion.fromConfig(Lion, new Lion(lion).getConfig()).getConfig()).toEqual(lion);
    const sgd = {
      learningRate: 0.1,
      momentum: 0.5,
      nesterov: true,
      decoupled: true,
      weightDecay: 0.2,
    };
    expect(SGD.fromConfig(SGD, new SGD(sgd).getConfig()).getConfig()).toEqual(sgd);
  });
});
