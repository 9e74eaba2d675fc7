import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import { wasmCall } from '../../wasm/call.ts';
import { addKernel, noGradient, replaceGradient } from '../registry.ts';

const name = 'NeverendBetween';

/** dy where 0 < x < `high`, or x is no number, and 0 elsewhere. */
function between(dy: tf.Tensor, x: tf.Tensor, high: number): tf.Tensor {
  if (tf.getBackend() === 'wasm') return tf.engine().runKernel(name, { dy, x }, { high });
  const below = tf.lessEqual(x, 0);
  const outside =
    high < Number.POSITIVE_INFINITY ? tf.logicalOr(below, tf.greaterEqual(x, high)) : below;
  return tf.where(outside, tf.zerosLike(dy), dy);
}

/** Stock, comparisons and selections of wasm take six times as long as a product. */
const onWasm: tf.KernelConfig = {
  kernelName: name,
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { dy, x } = inputs as Record<'dy' | 'x', tf.TensorInfo>;
    const { high } = attrs as { high: number };
    const { parallelFor, at, output } = wasmCall(backend as tf.KernelBackend, kernelBinaries);
    const y = output(x.shape);
    const size = tf.util.sizeFromShape([...x.shape]);
    parallelFor('between', [at(y), at(dy), at(x), high], size, Math.max(1, size));
    return y;
  },
};

const ofBetween: tf.GradConfig = {
  kernelName: name,
  inputsToSave: ['x'],
  gradFunc: (ddx, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    return {
      dy: () => between(ddx as tf.Tensor, x, (attrs as unknown as { high: number }).high),
      x: noGradient(x),
    };
  },
};

const rectifier = (kernelName: string, high: number): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    return { x: () => between(dy as tf.Tensor, tf.cast(x, 'float32'), high) };
  },
});

const configs = [ofBetween, rectifier('Relu', Number.POSITIVE_INFINITY), rectifier('Relu6', 6)];

/** What a rectifier cuts off has no slope, where stock TensorFlow.js has 0 times what comes from above, which may be infinite. */
export function registerRectifierGradients(): void {
  addKernel(onWasm);
  for (const config of configs) replaceGradient(config);
}
