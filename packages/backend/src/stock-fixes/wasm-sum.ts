import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../kernels.generated.ts';
import { wasmCall } from '../wasm/call.ts';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** So many numbers of a chunk stay in a core's cache from one strip of columns to the next. */
const chunkSize = 131_072;
/** Rows that are summed in one pass: more sums of blocks would lose digits. */
const mostRows = 4096;

const size = (shape: readonly number[]): number => tf.util.sizeFromShape([...shape]);

/** Sums over the axis of `length` divided by `divisor`: x of `[outer, length, inner]` becomes `[outer, inner]`. */
function sumAxis(
  backend: tf.KernelBackend,
  x: tf.TensorInfo,
  [outer, length, inner]: readonly [number, number, number],
  divisor: number,
): tf.TensorInfo {
  const call = wasmCall(backend, kernelBinaries);
  const rows = Math.min(mostRows, Math.max(64, Math.floor(chunkSize / inner)));
  const height = inner === 1 ? chunkSize : rows;
  const chunks = Math.max(1, Math.ceil(length / height));
  const out = call.output([outer, chunks, inner]);
  call.parallelFor(
    'sumAxis',
    [call.at(out), call.at(x), length, inner, height, chunks, chunks === 1 ? divisor : 1],
    outer * chunks,
    Math.max(1, outer * length * inner),
  );
  if (chunks === 1) return out;
  const total = sumAxis(backend, out, [outer, chunks, inner], divisor);
  backend.disposeData(out.dataId);
  return total;
}

/** Axes in groups of neighbours: from which up to which, the last group first. */
function neighbours(axes: readonly number[], rank: number): { from: number; to: number }[] {
  const groups: { from: number; to: number }[] = [];
  for (const axis of [...new Set(axes)].sort((a, b) => b - a)) {
    const group = groups.at(-1);
    if (group?.from === axis + 1) group.from = axis;
    else groups.push({ from: axis, to: axis + 1 });
  }
  // Over no axis at all the sums are the numbers.
  return groups.length === 0 ? [{ from: rank, to: rank }] : groups;
}

/** The sum, or with `mean` the mean, of float32 numbers. */
function reduce(
  backend: tf.KernelBackend,
  x: tf.TensorInfo,
  { axis, keepDims }: tf.SumAttrs,
  mean: boolean,
): tf.TensorInfo {
  const axes = tf.util.parseAxisParam(axis, [...x.shape]);
  const [outShape, reduced] = tf.backend_util.computeOutAndReduceShapes([...x.shape], axes);
  const groups = neighbours(axes, x.shape.length);
  let sums = x;
  let inner = 1;
  let end = x.shape.length;
  for (const [index, { from, to }] of groups.entries()) {
    inner *= size(x.shape.slice(to, end));
    end = from;
    const dims = [size(x.shape.slice(0, from)), size(x.shape.slice(from, to)), inner] as const;
    const divisor = mean && index === groups.length - 1 ? size(reduced) : 1;
    const before = sums;
    sums = sumAxis(backend, before, dims, divisor);
    if (before !== x) backend.disposeData(before.dataId);
  }
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  return { ...sums, shape };
}

/**
 * Stock, numbers are added one after the other in float32, so that long sums are too low: those of the squares of 10 million normal numbers by
 * 1.6 %, and ones add up to 2^24 and no further. Where the axis is not the last, all of x is transposed first. The sum of nothing
 * is what the memory held before.
 */
export function registerWasmSum(): void {
  wrapKernel('Sum', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      if (x.dtype !== 'float32') return stock.kernelFunc(call);
      const attrs = call.attrs as unknown as tf.SumAttrs;
      return reduce(call.backend as tf.KernelBackend, x, attrs, false);
    },
  }));
  wrapKernel('Mean', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      const backend = call.backend as tf.KernelBackend;
      const attrs = call.attrs as unknown as tf.MeanAttrs;
      if (x.dtype === 'float32') return reduce(backend, x, attrs, true);
      return composite(backend, 'wasm', (runStock) => {
        const floats = runStock('Cast', { x }, { dtype: 'float32' });
        return runStock('Mean', { x: floats }, attrs as unknown as tf.NamedAttrMap);
      });
    },
  }));
}
