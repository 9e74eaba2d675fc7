import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';

type Attrs = Pick<tf.ResizeBilinearAttrs, 'alignCorners' | 'halfPixelCenters'>;

/** How much of each input number is in each output number along an axis, `[output, input]`. */
function matrixOf(
  input: number,
  output: number,
  { alignCorners, halfPixelCenters }: Attrs,
): tf.Tensor2D {
  const step = alignCorners && output > 1 ? (input - 1) / (output - 1) : input / output;
  const inside = (at: number) => Math.min(Math.max(at, 0), input - 1);
  const matrix = new Float32Array(output * input);
  const put = (row: number, column: number, share: number) => {
    const place = row * input + inside(column);
    matrix[place] = (matrix[place] ?? 0) + share;
  };
  for (let row = 0; row < output; row++) {
    const at = halfPixelCenters ? (row + 0.5) * step - 0.5 : row * step;
    const below = Math.floor(at);
    put(row, below, 1 - (at - below));
    put(row, Math.ceil(at), at - below);
  }
  return tf.tensor2d(matrix, [output, input]);
}

/** The same of the nearest number: which one a backend takes hangs on its rounding, so it is asked. */
function nearestOf(
  input: number,
  output: number,
  { alignCorners, halfPixelCenters }: Attrs,
): tf.Tensor2D {
  const places = tf.reshape(tf.range(0, input), [1, input, 1, 1]) as tf.Tensor4D;
  const taken = tf.image.resizeNearestNeighbor(places, [output, 1], alignCorners, halfPixelCenters);
  return tf.cast(
    tf.equal(tf.reshape(taken, [output, 1]), tf.range(0, input)),
    'float32',
  ) as tf.Tensor2D;
}

/** The transpose of a resize: each row and each column, `[B, h, w, C]` to `[B, H, W, C]`. */
function resizedBack(
  dy: tf.Tensor4D,
  images: tf.Tensor,
  attrs: Attrs,
  sharesOf: typeof matrixOf,
): tf.Tensor {
  const [batch, h, w, c] = dy.shape;
  const [, height = 1, width = 1] = images.shape;
  const rows = tf.broadcastTo(sharesOf(height, h, attrs), [batch, h, height]);
  const columns = tf.broadcastTo(sharesOf(width, w, attrs), [batch * height, w, width]);
  const tall = tf.matMul(rows, tf.reshape(dy, [batch, h, w * c]), true);
  const wide = tf.matMul(columns, tf.reshape(tall, [batch * height, w, c]), true);
  return tf.reshape(wide, images.shape);
}

const resizeBilinear: tf.GradConfig = {
  kernelName: 'ResizeBilinear',
  inputsToSave: ['images'],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved as [tf.Tensor4D];
    const { halfPixelCenters } = attrs as unknown as tf.ResizeBilinearAttrs;
    const [, height, width] = images.shape;
    // The stock kernels but wasm's divide by what is 0 for one row or column.
    const byMatrices = halfPixelCenters || height === 1 || width === 1 || tf.getBackend() === 'cpu';
    const inputs = { dy: dy as tf.Tensor, images };
    return {
      images: () =>
        byMatrices
          ? resizedBack(dy as tf.Tensor4D, images, attrs as unknown as Attrs, matrixOf)
          : tf.engine().runKernel('ResizeBilinearGrad', inputs, attrs as tf.NamedAttrMap),
    };
  },
};

const resizeBilinearGrad: tf.GradConfig = {
  kernelName: 'ResizeBilinearGrad',
  inputsToSave: ['dy', 'images'],
  gradFunc: (ddx, saved, attrs) => {
    const [dy, images] = saved as [tf.Tensor4D, tf.Tensor4D];
    const size = dy.shape.slice(1, 3) as [number, number];
    const { alignCorners } = attrs as unknown as tf.ResizeBilinearAttrs;
    return {
      dy: () => tf.image.resizeBilinear(ddx as tf.Tensor4D, size, alignCorners),
      images: () => tf.zerosLike(images),
    };
  },
};

const isPowerOf2 = (n: number): boolean => Number.isInteger(Math.log2(n)) && n >= 1;

const resizeNearestNeighbor: tf.GradConfig = {
  kernelName: 'ResizeNearestNeighbor',
  inputsToSave: ['images'],
  gradFunc: (dy, saved, attrs) => {
    const [images] = saved as [tf.Tensor4D];
    return {
      images: () => {
        const y = dy as tf.Tensor4D;
        const [batch, h, w, c] = y.shape;
        const [, height, width] = images.shape;
        const { alignCorners } = attrs as unknown as tf.ResizeNearestNeighborAttrs;
        // Other multiples than powers of 2 are not exact in float32.
        if (alignCorners || !isPowerOf2(h / height) || !isPowerOf2(w / width)) {
          return resizedBack(y, images, attrs as unknown as Attrs, nearestOf);
        }
        const blocks = [batch * height, h / height, width, (w / width) * c];
        const tall = tf.sum(tf.reshape(y, blocks), 1);
        const wide = tf.sum(tf.reshape(tall, [batch * height * width, w / width, c]), 1);
        return tf.reshape(wide, images.shape);
      },
    };
  },
};

/**
 * Stock TensorFlow.js does not know of half-pixel centres in these, and has no second gradients. On cpu that of resizeBilinear throws
 * for more than one image, and that of resizeNearestNeighbor is wrong or never ends.
 */
export function registerResizingGradients(): void {
  const configs = [resizeBilinear, resizeBilinearGrad, resizeNearestNeighbor];
  for (const config of configs) replaceGradient(config);
}
