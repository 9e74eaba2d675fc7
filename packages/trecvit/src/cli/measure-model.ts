import { kernelsReady, withPeakBytes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { TRecViT } from '../trecvit.ts';

/** What a pass of a model takes here and now. */
export interface Measured {
  readonly frames: number;
  /** Of tensors at once, beside the weights. */
  readonly peakBytes: number;
  readonly millisecondsPerFrame: number;
}

/** The next frame of a stream, of black. @throws the signal's reason. */
export async function measureStream(model: TRecViT, signal: AbortSignal): Promise<Measured> {
  const stream = model.stream();
  try {
    return await measure(model, 1, signal, (video) => {
      const { features, logits } = stream.push(video);
      features.dispose();
      return logits;
    });
  } finally {
    stream.dispose();
  }
}

/** A clip of as many frames as the model was made for, of black. @throws the signal's reason. */
export function measureClip(model: TRecViT, signal: AbortSignal): Promise<Measured> {
  return measure(model, model.config.frames, signal, (video) =>
    tf.tidy(() => model.classify(video, { clips: 1 }).logits),
  );
}

async function measure(
  { config: { imageSize, channels } }: TRecViT,
  frames: number,
  signal: AbortSignal,
  pass: (video: tf.Tensor) => tf.Tensor,
): Promise<Measured> {
  const video = tf.zeros([1, frames, ...imageSize, channels]);
  const run = async () => {
    const start = performance.now();
    const { result, peakBytes } = withPeakBytes(() => pass(video));
    await result.data();
    result.dispose();
    return { frames, peakBytes, millisecondsPerFrame: (performance.now() - start) / frames };
  };
  try {
    // The first pass compiles, and compares kernels with their references; on webgpu that waits for an idle moment.
    await run();
    if (tf.getBackend() === 'webgpu') await kernelsReady();
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    return await run();
  } finally {
    video.dispose();
  }
}
