import { randomKey, randomNormal } from '@neverend/backend';
import { initRecurrentBlock, type RecurrentState, recurrentBlock } from '@neverend/lru';
import * as tf from '@tensorflow/tfjs-core';

const [frames, tokens, width] = [16, 9, 32];

/** Puts a clip through a recurrent block at once, and then frame by frame. */
export async function wholeAndStreamed() {
  const params = initRecurrentBlock(randomKey('block'), { width, heads: 4 });
  const values = randomNormal(randomKey('clip'), frames * tokens * width);
  const clip = tf.tensor(values, [1, frames, tokens, width]);
  const whole = recurrentBlock(clip, params);

  const streamed: tf.Tensor[] = [];
  let state: RecurrentState | undefined;
  let start = 0;
  for (let frame = 0; frame < frames; frame++) {
    // The first frame prepares the kernels.
    if (frame === 1) start = performance.now();
    const x = tf.slice(clip, [0, frame, 0, 0], [1, 1, -1, -1]);
    const next = recurrentBlock(x, params, state && { state });
    await next.y.data();
    tf.dispose([x, state ?? []]);
    streamed.push(next.y);
    state = next.state;
  }
  const msPerFrame = (performance.now() - start) / (frames - 1);

  const difference = tf.max(tf.abs(tf.sub(whole.y, tf.concat(streamed, 1))));
  return {
    whole: [...(await whole.y.data())],
    difference: (await difference.data())[0] ?? Number.NaN,
    msPerFrame,
  };
}
