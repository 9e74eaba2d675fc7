import { useBackend } from '@neverend/backend';
import { TRecViT } from '@neverend/trecvit';
import { classifyLive, receiveFrames } from '@neverend/trecvit/video';
import { sureFrom, weightsUrl } from '@neverend/trecvit-motions';
import { wasmPath } from '../src/wasm-path.ts';

addEventListener('message', async ({ data: frames }) => {
  try {
    await useBackend('auto', { wasmPath });
    const model = await TRecViT.fromPretrained(weightsUrl());
    for await (const { guesses } of classifyLive(model, receiveFrames(frames))) {
      const [best] = guesses.filter(({ probability }) => probability >= sureFrom);
      postMessage(best?.name ?? 'not sure');
    }
  } catch (error) {
    postMessage((error as Error).message);
  }
});
