import { checkedSize, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViTConfig } from '../config.ts';
import type { VideoInput } from '../config-file.ts';
import type { Picture } from './picture.ts';
import { resizePicture } from './resize.ts';

/**
 * Pictures as a model wants them.
 *
 * @param pictures T of any size. @param config of the model. @param input of its `config.json`.
 * @returns `[1, T, rows, columns, 3]`, float32, the caller's to dispose.
 * @throws ShapeError where there is no picture, or one has another number of bytes than its size says.
 */
export function picturesToTensor(
  pictures: readonly Picture[],
  config: Pick<TRecViTConfig, 'imageSize'>,
  input: Pick<VideoInput, 'crop' | 'range'>,
): tf.Tensor5D {
  checkedSize('the number of pictures', pictures.length);
  const [rows, columns] = config.imageSize;
  const [black, white] = input.range;
  const size = rows * columns * 3;
  const values = new Float32Array(pictures.length * size);
  // 256 values, made once, in the place of a product for each of millions of bytes.
  const levels = Float32Array.from({ length: 256 }, (_, level) => {
    return black + ((white - black) * level) / 255;
  });
  pictures.forEach((picture, index) => {
    checkPicture(`pictures[${index}]`, picture);
    const { pixels } = resizePicture(picture, { imageSize: config.imageSize, crop: input.crop });
    const start = index * size;
    for (let at = 0; at < size; at++) {
      values[start + at] = levels[pixels[at] as number] as number;
    }
  });
  return tf.tensor5d(values, [1, pictures.length, rows, columns, 3]);
}

function checkPicture(name: string, { rows, columns, pixels }: Picture): void {
  checkedSize(`${name}.rows`, rows);
  checkedSize(`${name}.columns`, columns);
  if (pixels.length !== rows * columns * 3) {
    throw new ShapeError(
      `${name}.pixels had ${pixels.length} bytes; [${rows}, ${columns}, 3] has ${rows * columns * 3}`,
    );
  }
}
