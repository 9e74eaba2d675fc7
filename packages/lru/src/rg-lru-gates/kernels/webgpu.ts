import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { GateGradInputs, GateInputs, NoAttrs } from '../types.ts';
import { aParamGradient, decayOf } from './decay.ts';

const uniforms = { size: 'u32', width: 'u32', step: 'u32' } as const;

const gateSizes = ({ size, shape }: tf.Tensor) => {
  const [, tokens = 1, width = 1] = shape;
  return { size, width, step: tokens * width };
};

const gates = {
  ...({
    inputGate: 'read f32',
    recurrenceGate: 'read f32',
    decay: 'read f32',
    reset: 'read f32',
  } as const),
};

/** A thread for each number, `at`, with 1 - reset of its step, its sigmoid(recurrenceGate) and its decay. */
const eachNumber = (statements: string): string => `
fn sigmoid(x : f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
// 1 - exp(z) for z <= 0; near 0, where it would lose its digits, by the first powers.
fn oneMinusExp(z : f32) -> f32 {
  if (z < -0.5) { return 1.0 - exp(z); }
  return -z * (1.0 + z * (1.0 / 2.0 + z * (1.0 / 6.0 + z * (1.0 / 24.0 + z * (1.0 / 120.0
    + z * (1.0 / 720.0 + z * (1.0 / 5040.0 + z * (1.0 / 40320.0))))))));
}
// exp(z) for z <= 0, whose last digit the built-in function may miss: a state of many steps has it to their power.
fn expOf(z : f32) -> f32 { return select(1.0 - oneMinusExp(z), exp(z), z < -0.5); }
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  let going = 1.0 - reset[at / uniforms.step];
  let gateR = sigmoid(recurrenceGate[at]);
  let decayHere = decay[at % uniforms.width];
  ${statements}
}`;

const gammaAndGateI = `
  let radicand = oneMinusExp(2.0 * gateR * decayHere);
  let gamma = sqrt(max(radicand, 0.0)) * going + (1.0 - going);
  let gateI = sigmoid(inputGate[at]);`;

export const gatesWebgpu: BackendKernel<GateInputs, NoAttrs> = {
  compute: ({ inputs: { x, inputGate, recurrenceGate, aParam, reset }, backend }) => {
    const gpu = asWebgpu(backend);
    const decay = decayOf(aParam);
    const [a, gated] = [makeOutput(gpu, x.shape), makeOutput(gpu, x.shape)];
    dispatch(
      gpu,
      {
        key: 'rg-lru gates',
        buffers: { ...gates, x: 'read f32', a: 'write f32', gated: 'write f32' },
        uniforms,
        code: () =>
          eachNumber(`${gammaAndGateI}
  // Not a product, which would keep what is not finite.
  a[at] = select(0.0, expOf(gateR * decayHere), going > 0.0);
  gated[at] = gamma * gateI * x[at];`),
      },
      { x, inputGate, recurrenceGate, decay, reset, a, gated },
      gateSizes(x),
      Math.ceil(x.size / threads),
    );
    decay.dispose();
    return [a, gated];
  },
};

/** Three passes: together they read and write more tensors than a stage has buffers for. */
export const gatesGradWebgpu: BackendKernel<GateGradInputs, NoAttrs> = {
  compute: ({ inputs: { x, inputGate, recurrenceGate, aParam, reset, da, dGated }, backend }) => {
    const gpu = asWebgpu(backend);
    const decay = decayOf(aParam);
    const [dx, dInputGate, dRecurrenceGate] = [x, x, x].map(({ shape }) =>
      makeOutput(gpu, shape),
    ) as Three;
    const dDecays = makeOutput(gpu, x.shape);
    const [sizes, groups] = [gateSizes(x), Math.ceil(x.size / threads)];
    const read = { x: 'read f32', dGated: 'read f32' } as const;
    dispatch(
      gpu,
      {
        key: 'rg-lru gates grad of x',
        buffers: { ...gates, ...read, dx: 'write f32', dInputGate: 'write f32' },
        uniforms,
        code: () =>
          eachNumber(`${gammaAndGateI}
  let here = dGated[at] * gamma * gateI;
  dx[at] = here;
  dInputGate[at] = here * x[at] * (1.0 - gateI);`),
      },
      { x, inputGate, recurrenceGate, decay, reset, dGated, dx, dInputGate },
      sizes,
      groups,
    );
    dispatch(
      gpu,
      {
        key: 'rg-lru gates grad of decay',
        buffers: { ...gates, ...read, da: 'read f32', dDecays: 'write f32' },
        uniforms,
        // The slope of the root is at most 1000.
        code: () =>
          eachNumber(`${gammaAndGateI}
  let a = expOf(gateR * decayHere);
  let slope = dGated[at] * gateI * x[at] * a * inverseSqrt(max(radicand, 2.5e-7));
  dDecays[at] = a * going * (da[at] - slope) * gateR;`),
      },
      { x, inputGate, recurrenceGate, decay, reset, da, dGated, dDecays },
      sizes,
      groups,
    );
    dispatch(
      gpu,
      {
        key: 'rg-lru gates grad of the recurrence gate',
        buffers: {
          ...({ recurrenceGate: 'read f32', decay: 'read f32', reset: 'read f32' } as const),
          ...({ dDecays: 'read f32', dRecurrenceGate: 'write f32' } as const),
        },
        uniforms,
        code: () => eachNumber('dRecurrenceGate[at] = dDecays[at] * (1.0 - gateR) * decayHere;'),
      },
      { recurrenceGate, decay, reset, dDecays, dRecurrenceGate },
      sizes,
      groups,
    );
    decay.dispose();
    const dDecay = tf.tidy(() => {
      const all = tf.engine().makeTensorFromTensorInfo(dDecays);
      return tf.sum(tf.reshape(all, [-1, aParam.size]), 0);
    });
    return [dx, dInputGate, dRecurrenceGate, aParamGradient(dDecay, aParam)];
  },
};

type Output = ReturnType<typeof makeOutput>;
type Three = [Output, Output, Output];
