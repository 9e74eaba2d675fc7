import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { ConvAttrs, ConvGradInputs, ConvInputs } from '../types.ts';
import { convSizes, partsOf } from './sizes.ts';

const sizes = { size: 'u32', steps: 'u32', tokens: 'u32', width: 'u32', taps: 'u32' } as const;

/** A thread for each number that is written, `at`, in its `column`. */
const eachNumber = (statements: string): string => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  let column = at % uniforms.width;
${statements}
}`;

export const temporalConvWebgpu: BackendKernel<ConvInputs, ConvAttrs> = {
  compute: ({ inputs: { x, w, b, reset }, backend }) => {
    const gpu = asWebgpu(backend);
    const { outer, ...rest } = convSizes(x, w, reset);
    const y = makeOutput(gpu, [outer, rest.steps, rest.tokens, rest.width]);
    const size = outer * rest.steps * rest.tokens * rest.width;
    dispatch(
      gpu,
      {
        key: 'temporal conv',
        buffers: {
          ...({ x: 'read f32', w: 'read f32', b: 'read f32', reset: 'read f32' } as const),
          y: 'write f32',
        },
        uniforms: sizes,
        // In x, K-1 steps come before step 0.
        code: () =>
          eachNumber(`  let inner = uniforms.tokens * uniforms.width;
  let step = at / inner;
  let before = step % uniforms.steps;
  var met = at + (step / uniforms.steps + 1u) * (uniforms.taps - 1u) * inner;
  var sum = b[column];
  for (var back = 0u; back < uniforms.taps; back++) {
    sum += w[(uniforms.taps - 1u - back) * uniforms.width + column] * x[met];
    if (back <= before && reset[step - back] != 0.0) { break; }
    met -= inner;
  }
  y[at] = sum;`),
      },
      { x, w, b, reset, y },
      { size, ...rest },
      Math.ceil(size / threads),
    );
    return [y];
  },
};

/** Steps of a token whose part of a sum one thread makes. */
const height = 64;

export const temporalConvGradWebgpu: BackendKernel<ConvGradInputs, ConvAttrs> = {
  compute: ({ inputs: { dy, x, w, reset }, backend }) => {
    const gpu = asWebgpu(backend);
    const { outer, ...rest } = convSizes(x, w, reset);
    const dx = makeOutput(gpu, x.shape);
    const read = { dy: 'read f32', reset: 'read f32' } as const;
    dispatch(
      gpu,
      {
        key: 'temporal conv grad of x',
        buffers: { ...read, w: 'read f32', dx: 'write f32' },
        uniforms: sizes,
        // What comes before step 0 is met from that on; the others by themselves first.
        code: () =>
          eachNumber(`  let inner = uniforms.tokens * uniforms.width;
  let row = at / inner;
  let length = uniforms.steps + uniforms.taps - 1u;
  let outer = row / length;
  let time = row % length;
  var sum = 0.0;
  for (var tap = min(uniforms.taps, time + 1u); tap > 0u; tap--) {
    let step = time - (tap - 1u);
    if (step >= uniforms.steps) { break; }
    let met = outer * uniforms.steps + step;
    if (tap < uniforms.taps && reset[met] != 0.0) { break; }
    sum += w[(tap - 1u) * uniforms.width + column] * dy[met * inner + at % inner];
  }
  dx[at] = sum;`),
      },
      { dy, reset, w, dx },
      { size: x.size, ...rest },
      Math.ceil(x.size / threads),
    );
    const rows = outer * rest.steps * rest.tokens;
    const sums = makeOutput(gpu, [Math.ceil(rows / height), rest.taps + 1, rest.width]);
    const size = Math.ceil(rows / height) * (rest.taps + 1) * rest.width;
    dispatch(
      gpu,
      {
        key: 'temporal conv grad of w',
        buffers: { ...read, x: 'read f32', sums: 'write f32' },
        uniforms: { ...sizes, rows: 'u32' },
        // The columns of each tap, and of b behind them, of each block of rows.
        code: () =>
          eachNumber(`  let tap = at / uniforms.width % (uniforms.taps + 1u);
  let first = at / uniforms.width / (uniforms.taps + 1u) * ${height}u;
  let end = min(first + ${height}u, uniforms.rows);
  var sum = 0.0;
  for (var row = first; row < end; row++) {
    let slope = dy[row * uniforms.width + column];
    if (tap == uniforms.taps) {
      sum += slope;
      continue;
    }
    let step = row / uniforms.tokens;
    let before = step % uniforms.steps;
    let back = uniforms.taps - 1u - tap;
    var reaches = true;
    for (var i = 0u; i < min(back, before + 1u); i++) { reaches = reaches && reset[step - i] == 0.0; }
    if (!reaches) { continue; }
    let met = row + (step / uniforms.steps * (uniforms.taps - 1u) + tap) * uniforms.tokens;
    sum += slope * x[met * uniforms.width + column];
  }
  sums[at] = sum;`),
      },
      { dy, reset, x, sums },
      { size, ...rest, rows },
      Math.ceil(size / threads),
    );
    const total = tf.tidy(() => tf.sum(tf.engine().makeTensorFromTensorInfo(sums), 0));
    return [dx, ...partsOf(total)];
  },
};
