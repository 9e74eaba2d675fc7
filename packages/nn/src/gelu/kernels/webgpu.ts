import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { logisticCubic, logisticLinear } from '../composite.ts';
import type {
  BiasGeluGradInputs,
  BiasGeluInputs,
  GeluAttrs,
  GeluForm,
  GeluGradInputs,
  GeluInputs,
} from '../types.ts';

export const geluWebgpu: BackendKernel<GeluInputs, GeluAttrs> = {
  compute: ({ inputs: { x }, attrs: { form }, backend }) => {
    const gpu = asWebgpu(backend);
    const y = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `gelu ${form}`,
        buffers: { x: 'read f32', y: 'write f32' },
        uniforms: { size: 'u32' },
        code: () => elementwise(form, 'y[at] = value(x[at]);'),
      },
      { x, y },
      { size: x.size },
      Math.ceil(x.size / threads),
    );
    return [y];
  },
};

export const biasGeluWebgpu: BackendKernel<BiasGeluInputs, GeluAttrs> = {
  compute: ({ inputs: { x, bias }, attrs: { form }, backend }) => {
    const gpu = asWebgpu(backend);
    const y = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `bias gelu ${form}`,
        buffers: { x: 'read f32', bias: 'read f32', y: 'write f32' },
        uniforms: { size: 'u32', width: 'u32' },
        code: () => elementwise(form, 'y[at] = value(x[at] + bias[at % uniforms.width]);'),
      },
      { x, bias, y },
      { size: x.size, width: bias.size },
      Math.ceil(x.size / threads),
    );
    return [y];
  },
};

export const geluGradWebgpu: BackendKernel<GeluGradInputs, GeluAttrs> = {
  compute: ({ inputs: { dy, x }, attrs: { form }, backend }) => {
    const gpu = asWebgpu(backend);
    const dx = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `gelu grad ${form}`,
        buffers: { dy: 'read f32', x: 'read f32', dx: 'write f32' },
        uniforms: { size: 'u32' },
        code: () => elementwise(form, 'dx[at] = dy[at] * slope(x[at]);'),
      },
      { dy, x, dx },
      { size: x.size },
      Math.ceil(x.size / threads),
    );
    return [dx];
  },
};

export const biasGeluGradWebgpu: BackendKernel<BiasGeluGradInputs, GeluAttrs> = {
  compute: ({ inputs: { dy, x, bias }, attrs: { form }, backend }) => {
    const gpu = asWebgpu(backend);
    const dx = tf.engine().makeTensorFromTensorInfo(makeOutput(gpu, x.shape));
    dispatch(
      gpu,
      {
        key: `bias gelu grad ${form}`,
        buffers: { dy: 'read f32', x: 'read f32', bias: 'read f32', dx: 'write f32' },
        uniforms: { size: 'u32', width: 'u32' },
        code: () =>
          elementwise(form, 'dx[at] = dy[at] * slope(x[at] + bias[at % uniforms.width]);'),
      },
      { dy, x, bias, dx },
      { size: x.size, width: bias.size },
      Math.ceil(x.size / threads),
    );
    return [dx, tf.tidy(() => tf.sum(tf.reshape(dx, [-1, bias.size]), 0))];
  },
};

const elementwise = (form: GeluForm, statement: string): string => `
${form === 'tanh' ? tanhFunctions : erfFunctions}
// What a device makes of NaN in max and clamp is its own affair.
fn kept(v : f32, y : f32) -> f32 {
  return select(y, v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u);
}
// Below -13 nothing passes: the least gate that a float can be would let much of a large number pass.
fn value(v : f32) -> f32 { return kept(v, max(v, -13.0) * gate(v)); }
fn slope(v : f32) -> f32 { return kept(v, slopeOf(v)); }
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at < uniforms.size) { ${statement} }
}`;

// Beyond 10 the gate is 0 or 1 to all digits, and exp would soon be infinite.
const tanhFunctions = `
fn gate(v : f32) -> f32 {
  let z = clamp(v, -10.0, 10.0);
  return 1.0 / (1.0 + exp(-z * (${logisticLinear} + ${logisticCubic} * z * z)));
}
fn slopeOf(v : f32) -> f32 {
  let z = clamp(v, -10.0, 10.0);
  let open = gate(z);
  return open * (1.0 + z * (1.0 - open) * (${logisticLinear} + ${3 * logisticCubic} * z * z));
}`;

/**
 * The distribution function of the standard normal by Chebyshev's approximation of erfc in Numerical Recipes,
 * section 6.2 (erfcc). In float32 it is off by at most 2e-7, and by 3e-6 of itself down to x = -5.
 */
const erfFunctions = `
fn gate(v : f32) -> f32 {
  let z = min(abs(v), 13.0) * ${Math.SQRT1_2};
  let t = 1.0 / (1.0 + 0.5 * z);
  var power = 0.17087277;
  ${[
    -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ]
    .map((coefficient) => `power = power * t + ${coefficient};`)
    .join('\n  ')}
  let tail = 0.5 * t * exp(power - z * z);
  return select(1.0 - tail, tail, v < 0.0);
}
fn slopeOf(v : f32) -> f32 {
  let z = clamp(v, -13.0, 13.0);
  return gate(z) + z * exp(-0.5 * z * z) * ${1 / Math.sqrt(2 * Math.PI)};
}`;
