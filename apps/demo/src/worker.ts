import { kernelsReady, packedWeightsBytes, useBackend } from '@neverend/backend';
import {
  classifyLive,
  type LiveFrame,
  picturesToTensor,
  receiveFrames,
} from '@neverend/trecvit/video';
import * as tf from '@tensorflow/tfjs-core';
import { type LoadedModel, loadModel } from './load-model.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { sentenceOf } from './sentence.ts';
import { wasmPath } from './wasm-path.ts';

/** Classes that the page is told of: those with bars, and some that were likely before. */
const TOP = 10;

let loading: Promise<LoadedModel | undefined> = Promise.resolve(undefined);
let watching: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
let paused = false;

const say = (message: FromWorker): void => postMessage(message);

async function load({ backend: wish, model: choice }: Extract<ToWorker, { type: 'load' }>) {
  try {
    const { name, device, warning } = await useBackend(wish, { wasmPath });
    const loaded = await loadModel(choice, (fraction) =>
      say({ type: 'loading', ...(fraction === undefined ? {} : { fraction }) }),
    );
    await warmUp(loaded);
    const {
      model: { config, input, classNames },
      threshold,
    } = loaded;
    say({
      type: 'ready',
      about: {
        backend: { name, device, ...(warning === undefined ? {} : { warning }) },
        classes: config.classes,
        ...(classNames === undefined ? {} : { classNames }),
        framesPerSecond: input.framesPerSecond,
        threshold,
      },
    });
    return loaded;
  } catch (error) {
    say({ type: 'broken', sentence: sentenceOf(error) });
    return undefined;
  }
}

/** A model's first frame prepares its kernels, which no camera should wait for. */
async function warmUp({ model }: LoadedModel): Promise<void> {
  const [rows, columns] = model.config.imageSize;
  const pixels = new Uint8Array(rows * columns * 3);
  const video = picturesToTensor(
    [{ seconds: 0, rows, columns, pixels }],
    model.config,
    model.input,
  );
  const stream = model.stream();
  // The second frame goes on from a state.
  for (let frame = 0; frame < 2; frame++) {
    const { features, logits } = stream.push(video);
    await logits.data();
    tf.dispose([features, logits]);
  }
  await kernelsReady();
  stream.dispose();
  video.dispose();
}

/** Frames that come while the page is hidden are closed unseen. */
async function* whileSeen(frames: AsyncIterable<LiveFrame>): AsyncGenerator<LiveFrame> {
  for await (const frame of frames) {
    if (paused) frame.close();
    else yield frame;
  }
}

async function watch(
  { session, frames }: Extract<ToWorker, { type: 'watch' }>,
  signal: AbortSignal,
) {
  try {
    const loaded = await loading;
    if (loaded === undefined) {
      for await (const frame of receiveFrames(frames, { signal: AbortSignal.abort() }))
        frame.close();
      return;
    }
    const incoming = whileSeen(receiveFrames(frames, { signal }));
    const steps = classifyLive(loaded.model, incoming, { top: TOP });
    for await (const step of steps) {
      const memory = { tensors: tf.memory().numTensors, packedBytes: packedWeightsBytes() };
      say({ type: 'step', session, step: { ...step, ...memory } });
    }
    say({ type: 'ended', session });
  } catch (error) {
    if (!signal.aborted) say({ type: 'failed', session, sentence: sentenceOf(error) });
  }
}

async function stop(): Promise<void> {
  watching?.stop.abort();
  await watching?.done;
  watching = undefined;
}

addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'load':
      loading = load(data);
      return;
    case 'watch': {
      watching?.stop.abort();
      const before = watching?.done;
      const controller = new AbortController();
      const done = Promise.resolve(before).then(() => watch(data, controller.signal));
      watching = { stop: controller, done };
      return;
    }
    case 'pause':
      paused = data.paused;
      return;
    case 'stop':
      await stop();
      say({ type: 'stopped', tensors: tf.memory().numTensors });
  }
});
