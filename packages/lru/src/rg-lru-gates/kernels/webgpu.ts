import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { GateGradInputs, GateInputs, NoAttrs } from '../types.ts';
import { aParamGradient, decayOf } from './decay.ts';

const uniforms = { size: 'u32', width: 'u32', step: 'u32' } as const;

const sizesOf = ({ size, shape }: tf.Tensor) => {
  const [, tokens = 1, width = 1] = shape;
  return { size, width, step: tokens * width };
};

const gates = {
  ...({ input: 'read f32', forget: 'read f32', decay: 'read f32', keep: 'read f32' } as const),
};

/** A thread for each number, `at`; `kept`, `rate` and `falls` are its keep, sigmoid(forget) and decay. */
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
  let kept = keep[at / uniforms.step];
  let rate = sigmoid(forget[at]);
  let falls = decay[at % uniforms.width];
  ${statements}
}`;

const gammaAndGate = `
  let radicand = oneMinusExp(2.0 * rate * falls);
  let gamma = sqrt(max(radicand, 0.0)) * kept + (1.0 - kept);
  let gate = sigmoid(input[at]);`;

export const gatesWebgpu: BackendKernel<GateInputs, NoAttrs> = {
  compute: ({ inputs: { x, input, forget, aParam, keep }, backend }) => {
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
          eachNumber(`${gammaAndGate}
  a[at] = expOf(rate * falls) * kept;
  gated[at] = gamma * gate * x[at];`),
      },
      { x, input, forget, decay, keep, a, gated },
      sizesOf(x),
      Math.ceil(x.size / threads),
    );
    decay.dispose();
    return [a, gated];
  },
};

/** Three passes: together they read and write more tensors than a stage has buffers for. */
export const gatesGradWebgpu: BackendKernel<GateGradInputs, NoAttrs> = {
  compute: ({ inputs: { x, input, forget, aParam, keep, da, dGated }, backend }) => {
    const gpu = asWebgpu(backend);
    const decay = decayOf(aParam);
    const [dx, dInput, dForget] = [x, x, x].map(({ shape }) => makeOutput(gpu, shape)) as Three;
    const dDecays = makeOutput(gpu, x.shape);
    const [sizes, groups] = [sizesOf(x), Math.ceil(x.size / threads)];
    const read = { x: 'read f32', dGated: 'read f32' } as const;
    dispatch(
      gpu,
      {
        key: 'rg-lru gates grad of x',
        buffers: { ...gates, ...read, dx: 'write f32', dInput: 'write f32' },
        uniforms,
        code: () =>
          eachNumber(`${gammaAndGate}
  let here = dGated[at] * gamma * gate;
  dx[at] = here;
  dInput[at] = here * x[at] * (1.0 - gate);`),
      },
      { x, input, forget, decay, keep, dGated, dx, dInput },
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
          eachNumber(`${gammaAndGate}
  let a = expOf(rate * falls);
  let slope = dGated[at] * gate * x[at] * a * inverseSqrt(max(radicand, 2.5e-7));
  dDecays[at] = a * kept * (da[at] - slope) * rate;`),
      },
      { x, input, forget, decay, keep, da, dGated, dDecays },
      sizes,
      groups,
    );
    dispatch(
      gpu,
      {
        key: 'rg-lru gates grad of forget',
        buffers: {
          ...({ forget: 'read f32', decay: 'read f32', keep: 'read f32' } as const),
          ...({ dDecays: 'read f32', dForget: 'write f32' } as const),
        },
        uniforms,
        code: () => eachNumber('dForget[at] = dDecays[at] * (1.0 - rate) * falls;'),
      },
      { forget, decay, keep, dDecays, dForget },
      sizes,
      groups,
    );
    decay.dispose();
    const dDecay = tf.tidy(() => {
      const all = tf.engine().makeTensorFromTensorInfo(dDecays);
      return tf.sum(tf.reshape(all, [-1, aParam.size]), 0);
    });
    return [dx, dInput, dForget, aParamGradient(dDecay, aParam)];
  },
};

type Output = ReturnType<typeof makeOutput>;
type Three = [Output, Output, Output];
