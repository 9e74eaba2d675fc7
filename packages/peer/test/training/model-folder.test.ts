import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { expectNoLeak } from '@neverend/backend/testing';
import { CheckpointError } from '@neverend/checkpoint';
import { readSafetensors, writeSafetensors } from '@neverend/checkpoint/node';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LanguageModel, Tokenizer, trainBpe } from '../../src/index.ts';
import { loadLanguageModel, saveLanguageModel } from '../../src/training/index.ts';
import { small } from './fixtures/rhymes.ts';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'peer-model-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = { name: 'a text', bytes: new TextEncoder().encode('the cat and the hat '.repeat(9)) };

it('a model comes back with its numbers and its tokenizer', async () => {
  await expectNoLeak(async () => {
    const tokenizer = new Tokenizer(trainBpe([text], 270));
    const config = { ...small, vocabulary: tokenizer.vocabulary };
    const model = LanguageModel.init(config, randomKey(1));
    await saveLanguageModel({ model, tokenizer }, folder);
    for (const path of [folder, join(folder, 'model.safetensors')]) {
      const loaded = await loadLanguageModel(path);
      expect(loaded.model.config).toEqual(config);
      expect(loaded.tokenizer.merges).toEqual(tokenizer.merges);
      expect(Object.keys(loaded.model.params).sort()).toEqual(Object.keys(model.params).sort());
      for (const [name, param] of Object.entries(loaded.model.params)) {
        expect(await param.data()).toEqual(await (model.params[name] as tf.Tensor).data());
      }
      loaded.model.dispose();
    }
    const card = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(card).toEqual({ format: 'neverend-peer-1', ...config });
    model.dispose();
  });
});

it('a model is not saved with the tokenizer of another', async () => {
  await expectNoLeak(async () => {
    const model = LanguageModel.init(small, randomKey(1));
    const other = join(folder, 'other');
    const saving = saveLanguageModel({ model, tokenizer: new Tokenizer([[97, 98]]) }, other);
    await expect(saving).rejects.toThrow('tokenizer had 258 tokens; the model has 257');
    await expect(readdir(other)).rejects.toThrow('ENOENT');
    model.dispose();
  });
});

it('says what is wrong with a folder that holds no model, and leaves nothing', async () => {
  await expectNoLeak(async () => {
    const file = join(folder, 'model.safetensors');
    const { tensors, metadata } = await readSafetensors(file);
    const expected = async (message: string) => {
      const loading = loadLanguageModel(folder);
      await expect(loading).rejects.toThrow(CheckpointError);
      await expect(loading).rejects.toThrow(message);
    };
    await expect(loadLanguageModel('/nowhere')).rejects.toThrow('there is no model in /nowhere');
    await writeSafetensors(file, tensors, {});
    await expected('its format is undefined; it must be "neverend-peer-1"');
    const { embedding: _, ...others } = tensors;
    await writeSafetensors(file, others, metadata);
    await expected('embedding is missing');
    const config = JSON.stringify({ ...JSON.parse(metadata['config'] ?? ''), vocabulary: 300 });
    await writeSafetensors(file, tensors, { ...metadata, config });
    await expected('its tokenizer has 268 tokens, and its model 300');
    await writeFile(file, 'half');
    await expect(loadLanguageModel(folder)).rejects.toThrow(/model\.safetensors/);
  });
});
