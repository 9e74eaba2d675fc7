import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** All axes but the last two. */
const batchOf = ({ shape }: tf.TensorInfo): number[] => shape.slice(0, -2);

/** Whether a batch that starts again after its end has the members that a broadcast to the other batch gives. */
function repeats(batch: readonly number[], whole: readonly number[]): boolean {
  const own = batch.slice(batch.findIndex((size) => size !== 1));
  const isOne = batch.every((size) => size === 1);
  return isOne || tf.util.arraysEqual(own, whole.slice(whole.length - own.length));
}

/** x with the whole batch. */
function broadcast(runStock: RunStock, x: tf.TensorInfo, whole: readonly number[]): tf.TensorInfo {
  const batch = batchOf(x);
  const padded = [...Array<number>(whole.length - batch.length).fill(1), ...batch];
  const reps = padded.map((size, axis) => (size === 1 ? (whole[axis] ?? 1) : 1));
  // Sizes before and behind an axis count as one, since kernels tile a few axes.
  return reps.reduce(
    (y, times, axis) => {
      if (times === 1) return y;
      const [before, behind] = [y.shape.slice(0, axis), y.shape.slice(axis + 1)];
      const flat = [before, [1], behind].map((sizes) => tf.util.sizeFromShape(sizes));
      const tiled = runStock(
        'Tile',
        { x: runStock('Reshape', { x: y }, { shape: flat }) },
        { reps: [1, times, 1] },
      );
      return runStock('Reshape', { x: tiled }, { shape: [...before, times, ...behind] });
    },
    runStock('Reshape', { x }, { shape: [...padded, ...x.shape.slice(-2)] }),
  );
}

const wholeBatches = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const inputs = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
    const { a, b } = inputs;
    const whole = tf.backend_util.assertAndGetBroadcastShape(batchOf(a), batchOf(b));
    const size = tf.util.sizeFromShape(whole);
    const isRight =
      [a, b].every((x) => repeats(batchOf(x), whole)) &&
      [a, b].some((x) => tf.util.sizeFromShape(batchOf(x)) === size);
    if (isRight) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
      runStock(
        stock.kernelName,
        { ...inputs, a: broadcast(runStock, a, whole), b: broadcast(runStock, b, whole) },
        call.attrs as tf.NamedAttrMap,
      ),
    );
  },
});

/**
 * Stock, the smaller batch starts again at its end, which is no broadcast where it is not the last axes that the batches share, and
 * nothing is enough where both are broadcast.
 */
export function registerMatMulBatches(): void {
  for (const backendName of ['cpu', 'wasm', 'webgpu']) {
    wrapKernel('BatchMatMul', backendName, wholeBatches, 'batches');
  }
}
