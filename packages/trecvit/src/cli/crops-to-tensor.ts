import * as tf from '@tensorflow/tfjs-core';
import { resample } from '../training/resample.ts';
import { evaluationViews } from '../training/view.ts';
import type { TRecViT } from '../trecvit.ts';
import type { Picture } from '../video/picture.ts';
import { picturesToTensor } from '../video/pictures-to-tensor.ts';

/**
 * Pictures as a model wants them, in crops that are spread evenly over the longer side.
 *
 * @param pictures T of one size. @returns `[crops, T, rows, columns, 3]`, with one crop where all would be the same; the caller's to dispose.
 */
export function cropsToTensor(
  pictures: readonly Picture[],
  crops: number,
  { config, input }: Pick<TRecViT, 'config' | 'input'>,
): tf.Tensor {
  if (crops === 1) return picturesToTensor(pictures, config, input);
  const { imageSize } = config;
  const format = { frames: pictures.length, imageSize, input };
  const [first] = pictures;
  const views = evaluationViews(first as Picture, format, crops);
  const shape = [views.length, pictures.length, ...imageSize, 3];
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  const size = 3 * imageSize[0] * imageSize[1];
  views.forEach((view, crop) => {
    pictures.forEach((picture, frame) => {
      const at = (crop * pictures.length + frame) * size;
      resample({ frames: 1, ...picture }, view, format, values, at);
    });
  });
  return tf.tensor(values, shape);
}
