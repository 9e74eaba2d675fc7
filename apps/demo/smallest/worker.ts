import { useBackend } from '@neverend/backend';
import { TRecViT } from '@neverend/trecvit';
import { classifyLive, receiveFrames } from '@neverend/trecvit/video';
import { weightsUrl } from '@neverend/trecvit-motions';
import { wasmPath } from '../src/wasm-path.ts';

addEventListener('message', async ({ data: frames }) => {
  await useBackend('auto', { wasmPath });
  const model = await TRecViT.fromPretrained(weightsUrl());
  for await (const { guesses } of classifyLive(model, receiveFrames(frames))) {
    postMessage(guesses[0]?.name);
  }
});
