import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, threads, type WgslProgram, writable } from '@neverend/backend/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { StepAttrs, StepDefinition, StepInputs } from '../types.ts';

export function stepOnWebgpu<K extends string, N extends string>({
  name,
  slots,
  numbers,
  wgsl,
}: StepDefinition<K, N>): BackendKernel<StepInputs<K>, StepAttrs<N>> {
  const changed: readonly ('weight' | K)[] = ['weight', ...slots];
  const program: WgslProgram<string, string> = {
    key: name,
    buffers: {
      gradient: 'read f32',
      ...Object.fromEntries(changed.map((key) => [key, 'write f32' as const])),
    },
    uniforms: {
      size: 'u32',
      ...Object.fromEntries(numbers.map((number) => [number, 'f32' as const])),
    },
    code: () => forEachNumber(wgsl),
  };
  return {
    // A shader cannot read memory through one name and write it through another.
    supports: ({ inputs }) => changed.every((key) => inputs[key].dataId !== inputs.gradient.dataId),
    compute: ({ inputs, attrs, backend }) => {
      const { size } = inputs.weight;
      const outputs = changed.map((key) => writable(backend, inputs[key]));
      const buffers = Object.fromEntries(changed.map((key, at) => [key, outputs[at]]));
      dispatch(
        asWebgpu(backend),
        program,
        { gradient: inputs.gradient, ...buffers } as Record<string, TensorInfo>,
        { size, ...attrs },
        Math.ceil(size / threads),
      );
      return outputs;
    },
  };
}

const forEachNumber = (statements: string): string => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  ${statements}
}`;

/** A step of AdamW on the number at `to` of the weight of this name and of `m` and `v`. */
export const adamWAt = (weight: string, to: string): string => `
  let g = gradient[at];
  let nextM = uniforms.beta1 * m[${to}] + uniforms.oneMinusBeta1 * g;
  let nextV = uniforms.beta2 * v[${to}] + uniforms.oneMinusBeta2 * g * g;
  m[${to}] = nextM;
  v[${to}] = nextV;
  ${weight}[${to}] = uniforms.decay * ${weight}[${to}] - uniforms.stepSize * nextM / (sqrt(nextV) + uniforms.epsilon);`;

export const adamWWgsl: string = adamWAt('weight', 'at');

export const lionWgsl = `
  let g = gradient[at];
  let old = m[at];
  m[at] = uniforms.beta2 * old + uniforms.oneMinusBeta2 * g;
  let mixed = uniforms.beta1 * old + uniforms.oneMinusBeta1 * g;
  // What is neither above nor below 0 is 0 or NaN, and its own sign.
  let direction = select(select(mixed, -1.0, mixed < 0.0), 1.0, mixed > 0.0);
  weight[at] = uniforms.decay * weight[at] - uniforms.stepSize * direction;`;

export const sgdWgsl = `
  let w = weight[at];
  weight[at] = uniforms.decay * w - uniforms.stepSize * (gradient[at] + uniforms.l2 * w);`;

export const sgdMomentumWgsl = `
  let w = weight[at];
  let g = gradient[at] + uniforms.l2 * w;
  let sum = uniforms.momentum * momentum[at] + g;
  momentum[at] = sum;
  weight[at] = uniforms.decay * w - (uniforms.gradientScale * g + uniforms.momentumScale * sum);`;
