import * as tf from '@tensorflow/tfjs-core';
import { asWebgpu, makeOutput } from '../webgpu/backend.ts';
import { dispatch, threads } from '../webgpu/dispatch.ts';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Of `a` and `b`, i32, and what it begins with. */
const reductions: Readonly<Record<string, readonly [operation: string, first: string]>> = {
  Sum: ['a + b', '0'],
  Prod: ['a * b', '1'],
  Max: ['max(a, b)', 'x[row * uniforms.length]'],
  Min: ['min(a, b)', 'x[row * uniforms.length]'],
};

/** Integers as integers: stock reduces them in float32, which ends at 2^24. */
const exact =
  (kernelName: string, [operation, first]: readonly [string, string]) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      const attrs = call.attrs as unknown as Partial<tf.SumAttrs & tf.MaxAttrs>;
      const gpu = asWebgpu(call.backend as tf.KernelBackend);
      // Stock computes small tensors that are not on the GPU in JavaScript for these two.
      const isOnCpu = ['Max', 'Prod'].includes(kernelName) && gpu.shouldExecuteOnCPU([x]);
      if (x.dtype !== 'int32' || isOnCpu || x.shape.includes(0)) return stock.kernelFunc(call);
      const axis = 'reductionIndices' in attrs ? attrs.reductionIndices : attrs.axis;
      // None are all.
      const axes = tf.util.parseAxisParam(axis as number | number[], [...x.shape]);
      const [rest, reduced] = tf.backend_util.computeOutAndReduceShapes([...x.shape], axes);
      const shape = attrs.keepDims ? tf.backend_util.expandShapeToKeepDim(rest, axes) : rest;
      return composite(call.backend as tf.KernelBackend, 'webgpu', (runStock) => {
        const rows = innermost(runStock, x, axes);
        const y = makeOutput(gpu, shape, 'int32');
        const [count, length] = [tf.util.sizeFromShape(shape), tf.util.sizeFromShape(reduced)];
        dispatch(
          gpu,
          {
            key: `reduces integers ${kernelName}`,
            buffers: { x: 'read i32', y: 'write i32' },
            uniforms: { count: 'u32', length: 'u32' },
            code: () => `
fn combined(a : i32, b : i32) -> i32 { return ${operation}; }
var<workgroup> parts : array<i32, ${threads}>;
fn kernel(row : u32, thread : u32) {
  if (row >= uniforms.count) { return; }
  var part = ${first};
  for (var i = thread; i < uniforms.length; i += ${threads}u) {
    part = combined(part, x[row * uniforms.length + i]);
  }
  parts[thread] = part;
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { parts[thread] = combined(parts[thread], parts[thread + half]); }
  }
  if (thread == 0u) { y[row] = parts[0]; }
}`,
          },
          { x: rows, y },
          { count, length },
          count,
        );
        return y;
      });
    },
  });

/** x with the axes that are reduced behind all others. */
function innermost(runStock: RunStock, x: tf.TensorInfo, axes: readonly number[]): tf.TensorInfo {
  const perm = tf.backend_util.getAxesPermutation([...axes], x.shape.length);
  return perm === null ? x : runStock('Transpose', { x }, { perm });
}

/** The place in a vector, which to stock is a vector too. */
const scalar = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as Record<'x', tf.TensorInfo>;
    const place = stock.kernelFunc(call) as tf.TensorInfo;
    return x.shape.length === 1 ? { ...place, shape: [] } : place;
  },
});

export function registerWebgpuReductions(): void {
  for (const name of ['ArgMax', 'ArgMin']) wrapKernel(name, 'webgpu', scalar, 'shapes');
  for (const [name, reduction] of Object.entries(reductions)) {
    wrapKernel(name, 'webgpu', exact(name, reduction), 'integers');
  }
}
