import { topK } from '@neverend/trecvit';
import * as tf from '@tensorflow/tfjs-core';
import type { SentFrame } from './frames/feed.ts';
import type { LoadedModel } from './load-model.ts';
import type { Step } from './protocol.ts';

const TOP = 10;

/** Classifies frames as they come. */
export async function* classify(
  { model, card }: LoadedModel,
  frames: AsyncIterable<SentFrame>,
  isPaused: () => boolean,
): AsyncGenerator<Step, void, undefined> {
  const { framesPerSecond, range } = card.input;
  const [rows, columns] = card.config.imageSize;
  const canvas = new OffscreenCanvas(columns, rows);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (pen === null) throw new Error('This browser draws no pictures in workers.');
  const stream = model.stream();
  let [seen, dropped, tick] = [0, 0, -1];
  let start: number | undefined;
  try {
    for await (const { picture, seconds } of frames) {
      start ??= seconds;
      const now = Math.floor((seconds - start) * framesPerSecond + 0.1);
      if (isPaused() || now <= tick) {
        picture.close();
        if (isPaused()) tick = now;
        continue;
      }
      const began = performance.now();
      dropped += Math.max(0, now - tick - 1);
      tick = now;
      const [width, height] =
        'displayWidth' in picture
          ? [picture.displayWidth, picture.displayHeight]
          : [picture.width, picture.height];
      const scale = Math.max(columns / width, rows / height);
      pen.drawImage(
        picture,
        (columns - width * scale) / 2,
        (rows - height * scale) / 2,
        width * scale,
        height * scale,
      );
      picture.close();
      const { data } = pen.getImageData(0, 0, columns, rows);
      const pixels = new Float32Array(rows * columns * 3);
      for (let at = 0, from = 0; at < pixels.length; from += 4) {
        for (let colour = 0; colour < 3; colour++) {
          pixels[at++] = range[0] + ((data[from + colour] ?? 0) / 255) * (range[1] - range[0]);
        }
      }
      const video = tf.tensor(pixels, [1, 1, rows, columns, 3]);
      const { features, logits } = stream.push(video);
      const [guesses = []] = await topK(logits, TOP, card.classNames);
      tf.dispose([video, features, logits]);
      seen += 1;
      yield {
        seconds,
        guesses,
        milliseconds: performance.now() - began,
        seen,
        dropped,
        stateBytes: 0,
        tensors: tf.memory().numTensors,
      };
    }
  } finally {
    stream.dispose();
  }
}
