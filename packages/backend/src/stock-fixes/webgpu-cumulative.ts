import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

const ofThreeAxes = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as Record<'x', tf.TensorInfo>;
    if (x.shape.length <= 4) return stock.kernelFunc(call);
    const attrs = call.attrs as unknown as tf.CumsumAttrs;
    const [axis = 0] = tf.util.parseAxisParam(attrs.axis, [...x.shape]);
    const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
    const shape = [
      tf.util.sizeFromShape(before),
      x.shape[axis] ?? 1,
      tf.util.sizeFromShape(behind),
    ];
    return composite(call.backend as tf.KernelBackend, 'webgpu', (runStock) => {
      const y = runStock(
        stock.kernelName,
        { x: runStock('Reshape', { x }, { shape }) },
        { ...(call.attrs as tf.NamedAttrMap), axis: 1 },
      );
      return runStock('Reshape', { x: y }, { shape: [...x.shape] });
    });
  },
});

/** Stock has cumulative sums and products of up to four axes. */
export function registerWebgpuCumulative(): void {
  for (const name of ['Cumsum', 'Cumprod']) wrapKernel(name, 'webgpu', ofThreeAxes, 'axes');
}
