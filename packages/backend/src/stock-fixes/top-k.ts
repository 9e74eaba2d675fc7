import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient, wrapKernel } from './registry.ts';

const topK: tf.GradConfig = {
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [dValues] = dys as [tf.Tensor, tf.Tensor];
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => {
        const width = x.shape.at(-1) ?? 1;
        const k = indices.shape.at(-1) ?? 1;
        const rows = x.size / width;
        const starts = tf.reshape(tf.range(0, x.size, width, 'int32'), [rows, 1]);
        const places = tf.add(tf.reshape(indices, [rows, k]), starts);
        const flat = tf.reshape(places, [rows * k, 1]);
        const updates = tf.reshape(dValues, [rows * k]);
        return tf.reshape(tf.scatterND(tf.cast(flat, 'int32'), updates, [x.size]), x.shape);
      },
    };
  },
};

/** Where there is one number to take, the stock kernel gives x itself, which is then freed with the result. */
const webgpuTopK = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const [values, indices] = stock.kernelFunc(call) as tf.TensorInfo[];
    if (values !== call.inputs['x']) return [values, indices] as tf.TensorInfo[];
    const identity = tf.getKernel('Identity', 'webgpu').kernelFunc;
    const own = identity({ inputs: { x: values }, backend: call.backend });
    return [own, indices] as tf.TensorInfo[];
  },
});

/** The gradient of the values goes to where they came from; the indices have none. Stock has neither. */
export function registerTopK(): void {
  replaceGradient(topK);
  wrapKernel('TopK', 'webgpu', webgpuTopK);
}
