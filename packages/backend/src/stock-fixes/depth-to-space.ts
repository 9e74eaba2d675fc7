import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** With the channels last, and back. */
const channelsLast = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as Record<'x', tf.TensorInfo>;
    if ((call.attrs as unknown as tf.DepthToSpaceAttrs).dataFormat !== 'NCHW') {
      return stock.kernelFunc(call);
    }
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const attrs = { ...(call.attrs as tf.NamedAttrMap), dataFormat: 'NHWC' };
      const images = runStock('Transpose', { x }, { perm: [0, 2, 3, 1] });
      const y = runStock('DepthToSpace', { x: images }, attrs);
      return runStock('Transpose', { x: y }, { perm: [0, 3, 1, 2] });
    });
  },
});

/** Stock, cpu and TensorFlow on the CPU refuse channels that come first. */
export function registerDepthToSpace(): void {
  for (const backendName of ['cpu', 'tensorflow']) {
    wrapKernel('DepthToSpace', backendName, channelsLast);
  }
}
