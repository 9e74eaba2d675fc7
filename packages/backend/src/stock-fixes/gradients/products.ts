import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { padAxis, sliceAxis } from './axes.ts';

const prod: tf.GradConfig = {
  kernelName: 'Prod',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { axis } = attrs as unknown as tf.ProdAttrs;
    return {
      x: () => {
        const reduced = tf.util.parseAxisParam(axis, x.shape);
        const others = x.shape.map((_, index) => index).filter((index) => !reduced.includes(index));
        const order = [...others, ...reduced];
        const inOrder = tf.transpose(x, order);
        const count = reduced.reduce((size, index) => size * (x.shape[index] ?? 1), 1);
        const rows = tf.reshape(inOrder, [x.size / count, count]);
        // Of all the others, so that zeros need no division.
        const product = tf.mul(tf.cumprod(rows, 1, true), tf.cumprod(rows, 1, true, true));
        const dx = tf.mul(product, tf.reshape(dy as tf.Tensor, [x.size / count, 1]));
        const back = order.map((_, index) => order.indexOf(index));
        return tf.transpose(tf.reshape(dx, inOrder.shape), back);
      },
    };
  },
};

const cumprod: tf.GradConfig = {
  kernelName: 'Cumprod',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { axis: given, exclusive, reverse } = attrs as unknown as tf.CumprodAttrs;
    const axis = given < 0 ? given + x.rank : given;
    const turn = (y: tf.Tensor) => (reverse ? tf.reverse(y, axis) : y);
    return { x: () => turn(ofCumprod(turn(x), turn(dy as tf.Tensor), axis, exclusive)) };
  },
};

/**
 * dx_j is the product of the x before j, times r_j = dy_j + x_(j+1) r_(j+1): without a division, so that x may hold zeros. The
 * recurrence is computed in log2(n) rounds.
 */
function ofCumprod(x: tf.Tensor, dy: tf.Tensor, axis: number, exclusive: boolean): tf.Tensor {
  const n = x.shape[axis] ?? 1;
  const ahead = (y: tf.Tensor, by: number) => padAxis(sliceAxis(y, axis, by, n - by), axis, 0, by);
  let sum = exclusive && n > 1 ? ahead(dy, 1) : dy;
  if (exclusive && n === 1) return tf.zerosLike(x);
  if (n > 1) {
    let factor = ahead(x, 1);
    for (let by = 1; by < n; by *= 2) {
      sum = tf.add(sum, tf.mul(factor, ahead(sum, by)));
      factor = tf.mul(factor, ahead(factor, by));
    }
  }
  return tf.mul(tf.cumprod(x, axis, true), sum);
}

/** Stock TensorFlow.js has none of cumprod, and that of prod throws for an axis that is counted from the end. */
export function registerProductGradients(): void {
  for (const config of [prod, cumprod]) replaceGradient(config);
}
