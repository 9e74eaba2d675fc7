import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { addKernel, wrapKernel } from './registry.ts';

type Inputs = Record<'image' | 'transforms', tf.TensorInfo>;

/** One image after another. */
const eachImage = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { image, transforms } = call.inputs as Inputs;
    const [batch = 1] = image.shape;
    if (batch < 2) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const one = (x: tf.TensorInfo, index: number) => {
        const begin = x.shape.map((_, axis) => (axis === 0 && x.shape[0] !== 1 ? index : 0));
        return runStock('Slice', { x }, { begin, size: [1, ...x.shape.slice(1)] });
      };
      const images = Array.from({ length: batch }, (_, index) =>
        runStock(
          stock.kernelName,
          { image: one(image, index), transforms: one(transforms, index) },
          call.attrs as tf.NamedAttrMap,
        ),
      );
      return runStock('Concat', images as unknown as Record<string, tf.TensorInfo>, { axis: 0 });
    });
  },
});

/** A transform for each image. */
const eachTransform = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { image, transforms } = call.inputs as Inputs;
    const [batch = 1] = image.shape;
    if (transforms.shape[0] === batch) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const all = runStock('Tile', { x: transforms }, { reps: [batch, 1] });
      return runStock(stock.kernelName, { image, transforms: all }, call.attrs as tf.NamedAttrMap);
    });
  },
});

interface NodeBackend {
  readonly binding: Readonly<Record<'TF_ATTR_STRING' | 'TF_ATTR_TYPE' | 'TF_FLOAT', number>>;
  executeSingleOutput(
    name: string,
    attrs: readonly {
      readonly name: string;
      readonly type: number;
      readonly value: string | number;
    }[],
    inputs: readonly tf.TensorInfo[],
  ): tf.Tensor;
}

/** By TensorFlow's own operation, of which TensorFlow.js has no kernel. */
const ofTensorflow: tf.KernelConfig = {
  kernelName: 'Transform',
  backendName: 'tensorflow',
  kernelFunc: (call) => {
    const { image, transforms } = call.inputs as Inputs;
    const attrs = call.attrs as unknown as tf.TransformAttrs;
    const backend = call.backend as NodeBackend;
    const { TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
    const size = tf.tensor1d(attrs.outputShape ?? image.shape.slice(1, 3), 'int32');
    const fill = tf.scalar(attrs.fillValue, 'float32');
    try {
      return backend.executeSingleOutput(
        'ImageProjectiveTransformV3',
        [
          { name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT },
          {
            name: 'interpolation',
            type: TF_ATTR_STRING,
            value: attrs.interpolation.toUpperCase(),
          },
          { name: 'fill_mode', type: TF_ATTR_STRING, value: attrs.fillMode.toUpperCase() },
        ],
        [image, transforms, size, fill],
      );
    } finally {
      tf.dispose([size, fill]);
    }
  },
};

/** Stock, cpu transforms the first image alone, webgpu the first as it should where one transform is for all, and tensorflow none. */
export function registerTransform(): void {
  wrapKernel('Transform', 'cpu', eachImage);
  wrapKernel('Transform', 'webgpu', eachTransform);
  addKernel(ofTensorflow);
}
