import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';

const tile: tf.GradConfig = {
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { reps } = attrs as unknown as tf.TileAttrs;
    const gathered = (y: tf.Tensor, times: number, axis: number) => {
      if (times === 1) return y;
      const n = x.shape[axis] ?? 1;
      const [before, after] = [y.shape.slice(0, axis), y.shape.slice(axis + 1)];
      const copies = tf.reshape(y, [
        tf.util.sizeFromShape(before),
        times,
        n * tf.util.sizeFromShape(after),
      ]);
      return tf.reshape(tf.sum(copies, 1), [...before, n, ...after]);
    };
    return { x: () => reps.reduce(gathered, dy as tf.Tensor) };
  },
};

/** The sum of all copies. Stock TensorFlow.js has it up to rank 4, with a slice for each copy. */
export function registerTileGradient(): void {
  replaceGradient(tile);
}
