import type { BackendKernel } from '@neverend/backend';
import {
  asWebgpu,
  dispatch,
  rowFunctions,
  rowLayout,
  threads,
  type WgslProgram,
  writable,
} from '@neverend/backend/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { adamWAt } from '../../steps/kernels/webgpu.ts';
import type { StepAttrs } from '../../steps/types.ts';
import type { RowStepDefinition, RowStepInputs } from '../types.ts';

export function rowStepOnWebgpu<K extends string, N extends string>({
  name,
  slots,
  numbers,
  supports = () => true,
  wgsl,
  wgslOfRow,
}: RowStepDefinition<K, N>): BackendKernel<RowStepInputs<K>, StepAttrs<N>> {
  const changed = ['weights', ...Object.keys(slots)] as ('weights' | K)[];
  const program = (lanes: number): WgslProgram<string, string> => ({
    key: `${name} ${lanes}`,
    buffers: {
      ...({ gradient: 'read f32', indices: 'read i32' } as const),
      ...Object.fromEntries(changed.map((key) => [key, 'write f32' as const])),
    },
    uniforms: {
      ...({ rows: 'u32', width: 'u32' } as const),
      ...Object.fromEntries(numbers.map((number) => [number, 'f32' as const])),
    },
    code: () =>
      wgslOfRow === undefined ? forEachNumber(wgsl) : forEachRow(lanes, wgslOfRow, wgsl),
  });
  return {
    // A shader cannot read memory through one name and write it through another.
    supports: ({ inputs, attrs }) =>
      supports(attrs) && changed.every((key) => inputs[key].dataId !== inputs.gradient.dataId),
    compute: ({ inputs, attrs, backend }) => {
      const { gradient, indices } = inputs;
      const outputs = changed.map((key) => writable(backend, inputs[key]));
      const [rows, width] = gradient.shape as [number, number];
      const { lanes, groups } = rowLayout(wgslOfRow === undefined ? 1 : width);
      const buffers = Object.fromEntries(changed.map((key, at) => [key, outputs[at]]));
      dispatch(
        asWebgpu(backend),
        program(lanes),
        { gradient, indices, ...buffers } as Record<string, TensorInfo>,
        { rows, width, ...attrs },
        wgslOfRow === undefined ? Math.ceil(gradient.size / threads) : groups(rows),
      );
      return outputs;
    },
  };
}

const forEachNumber = (statements: string): string => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.rows * uniforms.width) { return; }
  let row = u32(indices[at / uniforms.width]);
  let to = row * uniforms.width + at % uniforms.width;
  ${statements}
}`;

const forEachRow = (lanes: number, before: string, statements: string): string => `
${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let own = rowAt(group, thread);
  let row = u32(indices[min(own.index, uniforms.rows - 1u)]);
  var squares = 0.0;
  for (var at = own.first; at < own.end; at += lanes) { squares += gradient[at] * gradient[at]; }
  squares = rowSum(thread, squares);
  ${before}
  // All threads of the row have read its numbers before one writes them.
  storageBarrier();
  for (var at = own.first; at < own.end; at += lanes) {
    let to = row * uniforms.width + at % uniforms.width;
    ${statements}
  }
}`;

export const rowSGDWgsl = `
  weights[to] = uniforms.decay * weights[to] - uniforms.stepSize * gradient[at];`;

export const rowAdagradWgsl = `
  let g = gradient[at];
  let next = sum[to] + g * g;
  sum[to] = next;
  weights[to] = uniforms.decay * weights[to] - uniforms.stepSize * g / (sqrt(next) + uniforms.epsilon);`;

export const rowWiseAdagradWgsl = {
  wgslOfRow: `
  let next = sum[row] + squares / f32(uniforms.width);
  let root = sqrt(next) + uniforms.epsilon;`,
  wgsl: `
    if (own.lane == 0u) { sum[row] = next; }
    weights[to] = uniforms.decay * weights[to] - uniforms.stepSize * gradient[at] / root;`,
};

export const lazyAdamWgsl: string = `${adamWAt('weights', 'to')}
  if (at % uniforms.width == 0u) { last[row] = uniforms.step; }`;
