import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { spread } from './gradients/convolutions.ts';
import { wrapKernel } from './registry.ts';

type Inputs = Record<string, tf.TensorInfo>;

const triple = (value: number | readonly number[]): [number, number, number] =>
  typeof value === 'number' ? [value, value, value] : (value as [number, number, number]);

/** The first of equal numbers is the largest: of each image, then of the images that a window holds. */
const ofImages = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) =>
    composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const { dy, input } = call.inputs as Record<'dy' | 'input', tf.TensorInfo>;
      const { filterSize, strides, pad } = call.attrs as unknown as tf.MaxPool3DAttrs;
      const [images, rows, columns] = triple(filterSize);
      const [step, down, right] = triple(strides);
      const flat = { filterSize: [rows, columns], strides: [down, right], pad };
      const deep = { filterSize: [images, 1], strides: [step, 1], pad };
      const [b = 1, d = 1, h = 1, w = 1, c = 1] = input.shape;
      const [, outD = 1, outH = 1, outW = 1] = dy.shape;
      const reshape = (x: tf.TensorInfo, ...shape: number[]) =>
        runStock('Reshape', { x }, { shape });
      const attrs = (of: object) => of as tf.NamedAttrMap;

      const x = reshape(input, b * d, h, w, c);
      const ofEach = runStock('MaxPool', { x }, attrs(flat));
      const layers = reshape(ofEach, b, d, outH * outW, c);
      const output = runStock('MaxPool', { x: layers }, attrs(deep));
      const toLayers = runStock(
        'MaxPoolGrad',
        { dy: reshape(dy, b, outD, outH * outW, c), input: layers, output },
        attrs(deep),
      );
      const toEach = reshape(toLayers, b * d, outH, outW, c);
      const dx = runStock('MaxPoolGrad', { dy: toEach, input: x, output: ofEach }, attrs(flat));
      return reshape(dx, ...input.shape);
    }),
});

/** By a filter with its numbers apart, which needs no dilations. TensorFlow has some on GPUs alone. */
const withoutDilations = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const attrs = call.attrs as unknown as tf.Conv3DAttrs;
    const dilations = triple(attrs.dilations);
    if (dilations.every((step) => step === 1)) return stock.kernelFunc(call);
    const inputs = call.inputs as Inputs;
    const filter = tf.tidy(() => spread(inputs['filter'] as tf.Tensor, dilations));
    try {
      return stock.kernelFunc({
        ...call,
        inputs: { ...inputs, filter },
        attrs: { ...call.attrs, dilations: [1, 1, 1] },
      });
    } finally {
      filter.dispose();
    }
  },
});

/** Stock, the gradient of `maxPool3d` goes to each of equal numbers, and dilations along the depth are refused. */
export function registerTensorflowVolumes(): void {
  wrapKernel('MaxPool3DGrad', 'tensorflow', ofImages);
  wrapKernel('Conv3D', 'tensorflow', withoutDilations);
}
