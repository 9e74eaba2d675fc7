import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Rows that TensorFlow may add one after the other. */
const rows = 4096;

/** x of `[outer, length, inner]` summed over its middle axis by sums over parts of it. */
function sumInParts(runStock: RunStock, x: tf.TensorInfo): tf.TensorInfo {
  const [outer = 1, length = 1, inner = 1] = x.shape;
  const sum = (of: tf.TensorInfo, axis: number) =>
    runStock('Sum', { x: of }, { axis, keepDims: false } as unknown as tf.NamedAttrMap);
  if (length <= rows) return sum(x, 1);
  const parts = Math.floor(length / rows);
  const part = (begin: number, size: number) =>
    runStock('Slice', { x }, { begin: [0, begin, 0], size: [outer, size, inner] });
  const whole = runStock(
    'Reshape',
    { x: part(0, parts * rows) },
    { shape: [outer * parts, rows, inner] },
  );
  const sums = runStock('Reshape', { x: sum(whole, 1) }, { shape: [outer, parts, inner] });
  const total = sumInParts(runStock, sums);
  if (parts * rows === length) return total;
  return runStock('Add', { a: total, b: sum(part(parts * rows, length - parts * rows), 1) });
}

/** The kernel, which for a long sum that is not over the last axis computes parts of it. */
const inParts =
  (kernelName: 'Sum' | 'Mean') =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const { x } = call.inputs as Record<'x', tf.TensorInfo>;
      const { axis, keepDims } = call.attrs as unknown as tf.SumAttrs;
      const axes = tf.util.parseAxisParam(axis, [...x.shape]);
      const [shape, reduced] = tf.backend_util.computeOutAndReduceShapes([...x.shape], axes);
      const [from, to] = [Math.min(...axes), Math.max(...axes) + 1];
      const length = tf.util.sizeFromShape(reduced);
      const areNeighbours = to - from === axes.length;
      if (x.dtype !== 'float32' || length <= rows || !areNeighbours || to === x.shape.length) {
        return stock.kernelFunc(call);
      }
      return composite(call.backend as tf.KernelBackend, 'tensorflow', (runStock) => {
        const outer = tf.util.sizeFromShape(x.shape.slice(0, from));
        const inner = tf.util.sizeFromShape(x.shape.slice(to));
        let result = sumInParts(
          runStock,
          runStock('Reshape', { x }, { shape: [outer, length, inner] }),
        );
        if (kernelName === 'Mean') {
          const b = runStock('Fill', {}, { shape: [], value: length, dtype: 'float32' });
          result = runStock('RealDiv', { a: result, b });
        }
        return runStock(
          'Reshape',
          { x: result },
          {
            shape: keepDims ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape,
          },
        );
      });
    },
  });

/**
 * Over an axis that is not the last TensorFlow adds one row after the other in float32, so that long sums are too low: ones add up to 2^24
 * and no further.
 */
export function registerTensorflowSum(): void {
  for (const name of ['Sum', 'Mean'] as const) wrapKernel(name, 'tensorflow', inParts(name));
}
