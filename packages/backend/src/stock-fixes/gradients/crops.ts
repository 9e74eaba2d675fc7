import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from '../registry.ts';

type Attrs = Pick<tf.CropAndResizeAttrs, 'cropSize' | 'method'>;

interface Axis {
  /** How much of each row, or column, of the image is in each of a crop's, `[crops, output, input]`. */
  readonly shares: tf.Tensor3D;
  /** How the shares change with the place, `[crops, output, input]`. */
  readonly slopes: tf.Tensor3D;
  /** What the place of each row of a crop is made of: the low and the high end of its box, `[2, output]`. */
  readonly ends: tf.Tensor2D;
}

function axisOf(boxes: tf.Tensor, axis: 0 | 1, input: number, { cropSize, method }: Attrs): Axis {
  const output = cropSize[axis];
  const last = input - 1;
  const way = Array.from({ length: output }, (_, at) => (output === 1 ? 0.5 : at / (output - 1)));
  const ends = tf.tensor2d([way.map((high) => last * (1 - high)), way.map((high) => last * high)]);
  const lowAndHigh = tf.slice(tf.reshape(boxes, [-1, 2, 2]), [0, 0, axis], [-1, 2, 1]);
  const places = tf.matMul(tf.squeeze<tf.Tensor2D>(lowAndHigh, [2]), ends);
  const nearest = method === 'nearest' ? tf.floor(tf.add(places, 0.5)) : places;
  const away = tf.sub(tf.expandDims(nearest, 2), tf.range(0, input));
  // A place at the edge may be beyond it by its rounding.
  const inside = tf.lessEqual(tf.abs(tf.sub(places, last / 2)), last / 2 + 1e-6 * input);
  const near = tf.logicalAnd(tf.expandDims(inside, 2), tf.less(tf.abs(away), 1));
  const zeros = tf.zerosLike(away);
  return {
    shares: tf.where(near, tf.sub(1, tf.abs(away)), zeros),
    slopes: method === 'nearest' ? zeros : tf.where(near, tf.neg(tf.sign(away)), zeros),
    ends,
  } as Axis;
}

/** Shares of columns for each of `rows`, `[crops · rows, output, input]`. */
function forRows({ shares }: Axis, rows: number): tf.Tensor3D {
  const [crops, output, input] = shares.shape;
  const all = tf.broadcastTo(tf.expandDims(shares, 1), [crops, rows, output, input]);
  return tf.reshape(all, [-1, output, input]);
}

const cropAndResize: tf.GradConfig = {
  kernelName: 'CropAndResize',
  inputsToSave: ['image', 'boxes', 'boxInd'],
  gradFunc: (slope, saved, given) => {
    const [dy, attrs] = [slope as tf.Tensor4D, given as unknown as Attrs];
    const [image, boxes, of] = saved as [tf.Tensor4D, tf.Tensor2D, tf.Tensor1D];
    const [batch, height, width, channels] = image.shape;
    const [crops, h, w] = dy.shape;
    const rows = axisOf(boxes, 0, height, attrs);
    const columns = axisOf(boxes, 1, width, attrs);

    const ofImage = () => {
      const tall = tf.matMul(rows.shares, tf.reshape(dy, [crops, h, w * channels]), true);
      const narrow = tf.reshape(tall, [crops * height, w, channels]);
      const wide = tf.matMul(forRows(columns, height), narrow, true);
      const all = tf.reshape(wide, [crops, height * width * channels]);
      return tf.reshape(tf.unsortedSegmentSum(all, of, batch), image.shape);
    };

    const ofBoxes = () => {
      const cut = tf.gather(image, of);
      const narrow = tf.matMul(
        forRows(columns, height),
        tf.reshape(cut, [crops * height, width, channels]),
      );
      const byRows = tf.matMul(
        tf.reshape(dy, [crops, h, w * channels]),
        tf.reshape(narrow, [crops, height, w * channels]),
        false,
        true,
      );
      const flat = tf.matMul(rows.shares, tf.reshape(cut, [crops, height, width * channels]));
      const byColumns = tf.matMul(
        tf.reshape(dy, [crops * h, w, channels]),
        tf.reshape(flat, [crops * h, width, channels]),
        false,
        true,
      );
      const both = [
        ofEnds(byRows, rows),
        ofEnds(tf.sum(tf.reshape(byColumns, [crops, h, w, width]), 1), columns),
      ];
      return tf.reshape(tf.stack(both, 2), boxes.shape);
    };

    return { image: ofImage, boxes: ofBoxes, boxInd: noGradient(of) };
  },
};

/** The gradient by the low and the high ends of the boxes, `[crops, 2]`. */
const ofEnds = (dShares: tf.Tensor, { slopes, ends }: Axis): tf.Tensor =>
  tf.matMul(tf.sum<tf.Tensor2D>(tf.mul(dShares, slopes), 2), ends, false, true);

/** Stock TensorFlow.js has none. By the boxes that of bilinear crops is TensorFlow's, 0 where a place is a pixel's; that of nearest ones is 0. */
export function registerCropGradients(): void {
  replaceGradient(cropAndResize);
}
