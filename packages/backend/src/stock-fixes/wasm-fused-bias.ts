import type * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** One number for every channel. */
const ofChannels = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { bias, filter } = call.inputs as Record<'bias' | 'filter', tf.TensorInfo | undefined>;
    if (bias === undefined || filter === undefined || bias.shape.length > 0) {
      return stock.kernelFunc(call);
    }
    const [, , inChannels = 1, outChannels = 1] = filter.shape;
    const channels = stock.kernelName === 'FusedConv2D' ? outChannels : inChannels * outChannels;
    return composite(call.backend as tf.KernelBackend, 'wasm', (runStock) => {
      const one = runStock('Reshape', { x: bias }, { shape: [1] });
      const whole = runStock('Tile', { x: one }, { reps: [channels] });
      const inputs = { ...(call.inputs as Record<string, tf.TensorInfo>), bias: whole };
      return runStock(stock.kernelName, inputs, call.attrs as tf.NamedAttrMap);
    });
  },
});

/** Stock, a bias of fused convolutions that is one number is refused. */
export function registerWasmFusedBias(): void {
  for (const name of ['FusedConv2D', 'FusedDepthwiseConv2D']) {
    wrapKernel(name, 'wasm', ofChannels, 'bias');
  }
}
