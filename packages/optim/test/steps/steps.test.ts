import {
  definedKernelFlops,
  type Kernel,
  kernelMode,
  kernelStatuses,
  randomKey,
  setKernelMode,
} from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { AdamW } from '../../src/index.ts';
import { adamWStep } from '../../src/steps/adamw.ts';
import { lionStep } from '../../src/steps/lion.ts';
import { momentumStep, sgdStep } from '../../src/steps/sgd.ts';
import { disposeVariables, variable } from '../fixtures/variables.ts';

interface Step {
  readonly kernel: Kernel<Readonly<Record<string, tf.Tensor>>, Readonly<Record<string, number>>>;
  readonly attrs: Readonly<Record<string, number>>;
  readonly slots: readonly string[];
  /** The new weight and slots of one number, in float64. */
  readonly naive: (weight: number, gradient: number, ...slots: number[]) => number[];
}

const steps: Readonly<Record<string, Step>> = {
  AdamW: {
    kernel: adamWStep as unknown as Step['kernel'],
    attrs: {
      ...{ keep: 0.9, rate: 0.2, epsilon: 0.1 },
      ...{ beta1: 0.8, beta2: 0.7, share1: 0.2, share2: 0.3 },
    },
    slots: ['m', 'v'],
    naive: (weight, gradient, m = 0, v = 0) => {
      const mean = 0.8 * m + 0.2 * gradient;
      const square = 0.7 * v + 0.3 * gradient ** 2;
      return [0.9 * weight - (0.2 * mean) / (Math.sqrt(square) + 0.1), mean, square];
    },
  },
  Lion: {
    kernel: lionStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, rate: 0.2, beta1: 0.8, beta2: 0.7, share1: 0.2, share2: 0.3 },
    slots: ['m'],
    naive: (weight, gradient, m = 0) => [
      0.9 * weight - 0.2 * Math.sign(0.8 * m + 0.2 * gradient),
      0.7 * m + 0.3 * gradient,
    ],
  },
  SGD: {
    kernel: sgdStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, decay: 0.3, rate: 0.2 },
    slots: [],
    naive: (weight, gradient) => [0.9 * weight - 0.2 * (gradient + 0.3 * weight)],
  },
  'SGD with momentum': {
    kernel: momentumStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, decay: 0.3, momentum: 0.8, gradientRate: 0.2, sumRate: 0.1 },
    slots: ['momentum'],
    naive: (weight, gradient, sum = 0) => {
      const decayed = gradient + 0.3 * weight;
      const next = 0.8 * sum + decayed;
      return [0.9 * weight - (0.2 * decayed + 0.1 * next), next];
    },
  },
};
const named = Object.entries(steps);

/** The inputs of a step: slots that are never negative, as a mean of squares is not. */
function inputsOf({ slots }: Step, shape: readonly number[]): Record<string, tf.Tensor> {
  const make = (name: string) => randomTensor(randomKey('step', name), [...shape]);
  return {
    ...{ weight: make('weight'), gradient: make('gradient') },
    ...Object.fromEntries(slots.map((key) => [key, tf.tidy(() => tf.abs(make(key)))])),
  };
}

afterEach(disposeVariables);

await describeBackends('one step', (backend) => {
  // Scalars, what is no multiple of a vector, and work for several threads.
  for (const shape of [[], [1], [7], [33, 31], [3, 65_537]]) {
    for (const [name, step] of named) {
      it.each(['alone', 'beside others of their data'])(
        `of ${name} on [${shape}] is that of plain loops, for tensors %s`,
        async (held) => {
          poisonMemory();
          await expectNoLeak(async () => {
            const inputs = tf.tidy(() => inputsOf(step, shape));
            // On tensorflow a reshape shares memory that TensorFlow.js knows nothing of; on wasm a clone shares none.
            const share = (x: tf.Tensor) =>
              backend === 'tensorflow' ? tf.clone(x) : tf.reshape(x, [...shape]);
            const others = held === 'alone' ? [] : Object.values(inputs).map(share);
            const before = await Promise.all(
              Object.values(inputs).map(async (x) => Float64Array.from(await x.data())),
            );
            const outputs = step.kernel.run(inputs, step.attrs);
            const expected = outputs.map(() => new Float64Array(before[0]?.length ?? 0));
            for (const at of expected[0]?.keys() ?? []) {
              const [weight = 0, gradient = 0, ...slots] = before.map((values) => values[at] ?? 0);
              for (const [index, value] of step.naive(weight, gradient, ...slots).entries()) {
                const numbers = expected[index];
                if (numbers) numbers[at] = value;
              }
            }
            for (const [index, output] of outputs.entries()) {
              await expectTensorClose(output, { shape, data: expected[index] ?? [] });
            }
            for (const [index, other] of others.entries()) {
              const now = await other.data();
              expect(before[index]?.every((value, at) => value === now[at])).toBe(true);
            }
            tf.dispose([inputs, outputs, others]);
          });
        },
      );
    }
  }

  it('passes NaN on, and takes no step where the gradient and its mean are 0', async () => {
    const [weight, gradient, m] = [
      tf.tensor1d([1, 2, 3]),
      tf.tensor1d([0, 0, Number.NaN]),
      tf.tensor1d([0, -0, 0]),
    ];
    const attrs = { keep: 1, rate: 0.5, beta1: 0.5, beta2: 0.5, share1: 0.5, share2: 0.5 };
    const [next, mean] = lionStep.run({ weight, gradient, m }, attrs) as [tf.Tensor, tf.Tensor];
    const values = await next.data();
    expect([...values].slice(0, 2)).toEqual([1, 2]);
    expect((await mean.data())[2]).toBeNaN();
    tf.dispose([weight, gradient, m, next, mean]);
  });

  it('takes weights without a number', () => {
    const empty = () => tf.zeros([0, 3]);
    for (const { kernel, attrs, slots } of Object.values(steps)) {
      const state = Object.fromEntries(slots.map((key) => [key, empty()]));
      const inputs = { weight: empty(), gradient: empty(), ...state };
      const outputs = kernel.run(inputs, attrs);
      expect(outputs.map(({ shape }) => shape)).toEqual([[0, 3], ...slots.map(() => [0, 3])]);
      tf.dispose([inputs, outputs]);
    }
  });

  it('is served by a version for the backend, which writes its state in place', async () => {
    if (backend === 'cpu' || kernelMode() === 'composite') return;
    const statuses = await kernelStatuses();
    for (const { kernel } of Object.values(steps)) {
      expect(statuses.find((status) => status.kernel === kernel.name)).toEqual({
        kernel: kernel.name,
        backend,
        serves: 'native',
      });
    }
    const weight = variable('w', { data: [1, 2, 3], shape: [3] });
    const optimizer = new AdamW({ learningRate: 0.1 });
    const w = tf.tensor1d([1, 1, 1]);
    optimizer.applyGradients({ w });
    const dataIds = () => {
      const { m, v } = optimizer.state().slots['w'] ?? {};
      return [m?.dataId, v?.dataId, ...(backend === 'tensorflow' ? [] : [weight.dataId])];
    };
    const before = dataIds();
    optimizer.applyGradients({ w });
    expect(dataIds().map((dataId, at) => dataId === before[at])).toEqual(before.map(() => true));
    optimizer.dispose();
    w.dispose();
  });
});

describe('the operations of a step', () => {
  const elementwise = new Set('Add Multiply RealDiv Sign Sqrt Square Sub'.split(' '));

  it.each(named)('of %s are those of its composite', async (_, step) => {
    await tf.setBackend('cpu');
    setKernelMode('composite');
    for (const more of [{}, { keep: 1, decay: 0, gradientRate: 0 }]) {
      const known = Object.entries({ ...step.attrs, ...more });
      const attrs = Object.fromEntries(known.filter(([name]) => name in step.attrs));
      const inputs = tf.tidy(() => inputsOf(step, [5, 3]));
      const { kernels } = await tf.profile(() => step.kernel.run(inputs, attrs));
      const counted = kernels.filter(({ name }) => elementwise.has(name)).length * 15;
      expect(definedKernelFlops(step.kernel.name, { inputs, attrs })).toBe(counted);
    }
    setKernelMode(undefined);
  });
});
