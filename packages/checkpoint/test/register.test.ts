import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import '../src/register.ts';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'neverend-model-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

it('gives model.save and loadLayersModel the file:// of tfjs-node', async () => {
  const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
  await model.save(`file://${folder}/model`);
  const loaded = await loadLayersModel(`file://${folder}/model/model.json`);
  const [kernel, again] = [model.getWeights()[0], loaded.getWeights()[0]];
  expect(await again?.data()).toEqual(await kernel?.data());
});

it('leaves other addresses, and lists of them, to others', () => {
  expect(tf.io.getSaveHandlers('indexeddb://model')).toEqual([]);
  expect(tf.io.getSaveHandlers(['file://a', 'file://b'])).toEqual([]);
});

it('steps back where tfjs-node brings its own, before or after', () => {
  const { nodeFileSystemRouter } = createRequire(import.meta.url)(
    '@tensorflow/tfjs-node/dist/io/file_system.js',
  ) as { nodeFileSystemRouter: Parameters<typeof tf.io.registerSaveRouter>[0] };
  expect(tf.io.getSaveHandlers('file://model')).toHaveLength(1);
  tf.io.registerSaveRouter(nodeFileSystemRouter);
  tf.io.registerLoadRouter(nodeFileSystemRouter);
  for (const handlers of [
    tf.io.getSaveHandlers('file://model'),
    tf.io.getLoadHandlers('file://model/model.json'),
  ]) {
    expect(handlers.map((handler) => handler.constructor.name)).toEqual(['NodeFileSystem']);
  }
});
