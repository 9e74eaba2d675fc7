import { definedKernelFlops, kernelMode, kernelStatuses, setKernelMode } from '@neverend/backend';
import { describeBackends, poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { AdamW } from '../../src/index.ts';
import { lionStep } from '../../src/steps/index.ts';
import { disposeVariables, variable } from '../fixtures/variables.ts';
import { expectLikeLoops, inputsOf, steps } from './naive-steps.ts';

const named = Object.entries(steps);

afterEach(() => {
  disposeVariables();
  setKernelMode(undefined);
});

await describeBackends('one step', (backend) => {
  // Scalars, what is no multiple of a vector, and work for several threads.
  for (const shape of [[], [1], [7], [33, 31], [3, 65_537]]) {
    for (const [name, step] of named) {
      it.each(['alone', 'beside others of their data'])(
        `of ${name} on [${shape}] is that of plain loops, for tensors %s`,
        async (held) => {
          poisonMemory();
          await expectLikeLoops(step, shape, held !== 'alone');
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
    const attrs = {
      ...{ decay: 1, stepSize: 0.5 },
      ...{ beta1: 0.5, beta2: 0.5, oneMinusBeta1: 0.5, oneMinusBeta2: 0.5 },
    };
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

  it('is served by a kernel of the backend, which writes its state in place', async () => {
    if (backend === 'cpu' || kernelMode() === 'composite') return;
    const statuses = await kernelStatuses();
    for (const { kernel } of Object.values(steps)) {
      expect(statuses.find((status) => status.kernel === kernel.name)).toEqual({
        kernel: kernel.name,
        backend,
        active: 'native',
      });
    }
    const weight = variable('w', { data: [1, 2, 3], shape: [3] });
    const optimizer = new AdamW({ learningRate: 0.1 });
    const w = tf.tensor1d([1, 1, 1]);
    optimizer.applyGradients({ w });
    const dataIds = () => {
      const { 'w/m': m, 'w/v': v } = optimizer.state();
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
    for (const more of [{}, { decay: 1, l2: 0, gradientScale: 0 }]) {
      const known = Object.entries({ ...step.attrs, ...more });
      const attrs = Object.fromEntries(known.filter(([name]) => name in step.attrs));
      const inputs = tf.tidy(() => inputsOf(step, [5, 3]));
      const { kernels } = await tf.profile(() => step.kernel.run(inputs, attrs));
      const counted = kernels.filter(({ name }) => elementwise.has(name)).length * 15;
      expect(definedKernelFlops(step.kernel.name, { inputs, attrs })).toBe(counted);
    }
  });
});
