import { useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { classify } from './classify.ts';
import { framesFrom } from './frames/frames-from.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { wasmPath } from './wasm-path.ts';

let loading: Promise<LoadedModel | undefined> = Promise.resolve(undefined);
let watching: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
let paused = false;

const say = (message: FromWorker): void => postMessage(message);
const sentenceOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

async function load({ backend: wish, model }: Extract<ToWorker, { type: 'load' }>) {
  try {
    const { name, device, warning } = await useBackend(wish, { wasmPath });
    const loaded = await loadModel(model, (fraction) =>
      say({ type: 'loading', ...(fraction === undefined ? {} : { fraction }) }),
    );
    const { card, threshold } = loaded;
    say({
      type: 'ready',
      about: {
        backend: { name, device, ...(warning === undefined ? {} : { warning }) },
        classes: card.config.classes,
        framesPerSecond: card.input.framesPerSecond,
        threshold,
      },
    });
    return loaded;
  } catch (error) {
    say({ type: 'broken', sentence: sentenceOf(error) });
    return undefined;
  }
}

async function watch(
  { session, frames }: Extract<ToWorker, { type: 'watch' }>,
  signal: AbortSignal,
) {
  try {
    const incoming = framesFrom(frames, signal);
    const loaded = await loading;
    if (loaded === undefined) return;
    for await (const step of classify(loaded, incoming, () => paused)) {
      say({ type: 'step', session, step });
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
