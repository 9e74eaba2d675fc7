import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

const shrunkLast = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as Record<'x', tf.TensorInfo>;
    const attrs = call.attrs as unknown as tf.StridedSliceAttrs;
    if (!attrs.shrinkAxisMask) return stock.kernelFunc(call);
    const { begin, end, strides, finalShape } = tf.slice_util.sliceInfo(
      [...x.shape],
      ...[attrs.begin, attrs.end, attrs.strides],
      ...[attrs.beginMask, attrs.endMask, attrs.ellipsisMask, attrs.newAxisMask],
      attrs.shrinkAxisMask,
    );
    if (strides.every((step) => step === 1) || tf.util.sizeFromShape(finalShape) === 0) {
      return stock.kernelFunc(call);
    }
    // The place before the first number has no number of its own: -1 is the last one.
    const endMask = end.reduce((mask, place, axis) => mask | (place < 0 ? 1 << axis : 0), 0);
    const masks = { beginMask: 0, endMask, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const whole = runStock(stock.kernelName, { x }, { begin, end, strides, ...masks });
      return runStock('Reshape', { x: whole }, { shape: finalShape });
    });
  },
});

/** Stock, a strided slice that also takes single places takes the axes of the result for those of its input, but on tensorflow. */
export function registerShrunkAxes(): void {
  for (const backendName of ['cpu', 'wasm', 'webgpu']) {
    wrapKernel('StridedSlice', backendName, shrunkLast, 'shrunk axes');
  }
}
