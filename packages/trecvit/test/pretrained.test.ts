import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomKey, useBackend } from '@neverend/backend';
import { storedNpz } from '@neverend/backend/testing';
import { CheckpointError, encodeSafetensors, openNpz } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type LoadProgress,
  type ModelCard,
  officialInput,
  paramShapes,
  TRecViT,
  type TRecViTConfig,
  writeCard,
} from '../src/index.ts';
import { saveModel } from '../src/node/index.ts';
import { type FileServer, serveFiles } from './file-server.ts';
import { tiny } from './tiny.ts';

/** A model of 11 MB, three pieces of a download. */
const config: TRecViTConfig = { ...tiny, headWidth: 3400, classes: 800 };
const classNames = Array.from({ length: 800 }, (_, index) => `class ${index}`);
const card: ModelCard = {
  config,
  input: { framesPerSecond: 12, crop: 'squeeze', range: [-1, 1] },
  classNames,
};

let folder: string;
let files: Awaited<ReturnType<TRecViT['toFiles']>>;
let npz: Uint8Array;
let square: Uint8Array;
let kernel: Float32Array;
let server: FileServer;
let tensors: number;

/** The arrays of a model as an .npz file. */
async function npzOf(model: TRecViT): Promise<Uint8Array> {
  const arrays: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, tensor] of Object.entries(model.params)) {
    arrays[name] = { shape: tensor.shape, data: (await tensor.data()) as Float32Array };
  }
  return storedNpz(arrays);
}

beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'trecvit-pretrained-'));
  const model = TRecViT.init(config, randomKey(7), card.classNames ? { ...notesOf(card) } : {});
  files = await model.toFiles();
  npz = await npzOf(model);
  kernel = (await model.params['decoder/cls_head/kernel']?.data()) as Float32Array;
  model.dispose();
  const other = TRecViT.init({ ...tiny, imageSize: [12, 12] }, randomKey(8));
  square = await npzOf(other);
  other.dispose();
  server = await serveFiles({
    '/folder/config.json': files['config.json'],
    '/folder/model.safetensors': files['model.safetensors'],
    '/bare/model.safetensors': files['model.safetensors'],
    '/model.npz': npz,
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  server.manner = {};
  server.requests.length = 0;
  tensors = tf.memory().numTensors;
});

// Whatever a test did, no tensor stays.
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const notesOf = ({ input, classNames: names }: ModelCard) => ({
  input,
  ...(names === undefined ? {} : { classNames: names }),
});

const newCache = () => mkdtemp(join(folder, 'cache-'));

/** For arrays that are too long to be compared one by one. */
const hashOf = (array: Uint8Array | Float32Array): string =>
  createHash('sha256').update(array).digest('hex');

/** All files below a folder. */
const filesBelow = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

/** Loads a model, looks at it and disposes it. */
async function load(...args: Parameters<typeof TRecViT.fromPretrained>): Promise<ModelCard> {
  const model = await TRecViT.fromPretrained(...args);
  try {
    if (model.config.classes === 800) {
      const loaded = await model.params['decoder/cls_head/kernel']?.data();
      expect(hashOf(loaded as Float32Array)).toBe(hashOf(kernel));
    }
    expect(Object.keys(model.params).sort()).toEqual(Object.keys(paramShapes(model.config)).sort());
    return model.card;
  } finally {
    model.dispose();
  }
}

describe('a model in a folder', () => {
  it('is read as it was written, by its path and its file address, with its card', async () => {
    const place = join(folder, 'saved', 'model');
    const model = TRecViT.init(config, randomKey(7), notesOf(card));
    await saveModel(model, place);
    // Once more over itself.
    await saveModel(model, place);
    model.dispose();
    expect((await readdir(place)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await load(place)).toEqual(card);
    expect(await load(pathToFileURL(`${place}/`))).toEqual(card);
    expect(await load(pathToFileURL(join(place, 'model.safetensors')).href)).toEqual(card);
    expect(await load(new Blob([await readFile(join(place, 'model.safetensors'))]))).toEqual(card);
  });

  it('has the same bytes for the same model', async () => {
    const model = TRecViT.init(config, randomKey(7), notesOf(card));
    const again = await model.toFiles();
    for (const [name, bytes] of Object.entries(files)) {
      expect(hashOf(again[name as keyof typeof files])).toBe(hashOf(bytes));
    }
    model.dispose();
  });

  it('takes what is edited in config.json, but not what a stopped writer left of the model before', async () => {
    const place = join(folder, 'edited');
    await mkdir(place);
    await writeFile(join(place, 'model.safetensors'), files['model.safetensors']);
    const text = new TextDecoder().decode(files['config.json']);
    await writeFile(join(place, 'config.json'), text.replace('"class 0"', '"cat"'));
    expect((await load(place)).classNames?.[0]).toBe('cat');
    const before = writeCard({ ...card, input: officialInput });
    await writeFile(join(place, 'config.json'), before);
    expect(await load(place)).toEqual(card);
    await rm(join(place, 'config.json'));
    expect(await load(place)).toEqual(card);
  });

  it('tells how many bytes are read, and all of them in the end', async () => {
    const place = join(folder, 'edited', 'model.safetensors');
    const told: LoadProgress[] = [];
    await load(place, { onProgress: (progress) => told.push(progress) });
    const total = files['model.safetensors'].length;
    expect(told.length).toBeGreaterThan(10);
    expect(told.at(-1)).toEqual({ file: 'model.safetensors', loaded: total, total });
    const loaded = told.map((progress) => progress.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
  });

  it('is refused in one sentence that names the file', async () => {
    const refused = (path: string, options = {}) =>
      expect(TRecViT.fromPretrained(path, options)).rejects;
    await refused(join(folder, 'nothing')).toThrow(
      `${join(folder, 'nothing')}: there is no such file or folder`,
    );
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await refused(empty).toThrow(`${empty}: the folder has no file model.safetensors`);
    await writeFile(join(empty, 'a.npz'), npz);
    await writeFile(join(empty, 'b.npz'), npz);
    await refused(empty).toThrow('and none is model.safetensors; name one of them');
    await writeFile(join(empty, 'cut.npz'), npz.subarray(0, npz.length - 9));
    await refused(join(empty, 'cut.npz')).toThrow(`${join(empty, 'cut.npz')}: `);
    await refused(join(empty, 'a.npz'), {
      card: { config: { imageSize: [8, 12], classes: 7 } },
    }).toThrow(
      'a.npz: the checkpoint had other shapes or types: decoder/cls_head/kernel [3400, 800], which must be [3400, 7]',
    );
    await refused(empty, { offline: true, cache: false }).toThrow(
      'offline was true and cache was false',
    );
    await refused(empty, { onprogress: () => undefined }).toThrow('fromPretrained has no option');
  });
});

describe('an official .npz checkpoint', () => {
  it('tells its sizes by its arrays, and what it does not tell is that of the official models', async () => {
    const inferred = await load(new Blob([square as Uint8Array<ArrayBuffer>]));
    expect(inferred).toEqual({
      config: { ...tiny, imageSize: [12, 12], frames: 32 },
      input: officialInput,
    });
  });

  it('is of the golden file as it was written by NumPy, with its sizes', async () => {
    const golden = await openNpz(await readFile(new URL('golden/trecvit.npz', import.meta.url)));
    const arrays: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    for (const name of golden.names) {
      if (name.startsWith('__') || name === 'notes.json') continue;
      const { shape, data } = await golden.read(name);
      arrays[name] = { shape, data: data as Float32Array };
    }
    const { config: inferred } = await load(storedNpz(arrays));
    expect(inferred).toMatchObject({
      ...{ layers: 2, width: 32, mlpWidth: 64, heads: 2, lruWidth: 64, gateBlocks: 2 },
      ...{ imageSize: [32, 32], patch: 16, headWidth: 48, classes: 5, pooling: 'token' },
    });
  });

  it('takes what the caller knows', async () => {
    const loading = TRecViT.fromPretrained(npz);
    await expect(loading).rejects.toThrow(
      'there is no config.json, and 6 patches are no square; give the option card: { config: { imageSize } }',
    );
    const given = { config: { imageSize: [8, 12] as const, frames: 4 }, classNames };
    expect(await load(npz, { card: given })).toEqual({ config, input: officialInput, classNames });
  });

  it('is refused by all arrays that would tell its sizes', async () => {
    const flat = { dtype: 'float32', shape: [1], data: Float32Array.of(1) } as const;
    const residual = 'encoder/residualblock_00/recurrent_block';
    const some = encodeSafetensors({
      ...{
        'tokenizer/embedding/kernel': flat,
        'encoder/encoderblock_0/MlpBlock_0/Dense_0/bias': flat,
      },
      [`${residual}/conv_1d/w`]: { ...flat, shape: [1, 1] },
    });
    await expect(TRecViT.fromPretrained(some)).rejects.toThrow(
      "there is no config.json, and of the arrays that would tell the model's sizes tokenizer/embedding/kernel is [1], " +
        `tokenizer/pos_embedding is missing, ${residual}/rg_lru/a_gate/b is missing, ` +
        'encoder/encoderblock_0/MultiHeadDotProductAttention_0/query/bias is missing, decoder/pre_logits/bias is missing, ' +
        'decoder/cls_head/bias is missing; give the option card',
    );
  });
});

const shapeless = { config: { imageSize: [8, 12] as const, frames: 4 } };

describe('a model at an address', () => {
  it('is read in pieces where the server knows ranges, and from the cache when it has the same version', async () => {
    const cache = await newCache();
    server.manner = { etag: '"one"' };
    expect(await load(`${server.origin}/folder`, { cache })).toEqual(card);
    const weights = server.requests.filter((line) => line.includes('safetensors'));
    expect(weights).toEqual([
      'GET /folder/model.safetensors bytes=0-4194303',
      'GET /folder/model.safetensors bytes=4194304-8388607',
      expect.stringMatching(/^GET \/folder\/model.safetensors bytes=8388608-/),
    ]);
    server.requests.length = 0;
    expect(await load(new URL(`${server.origin}/folder/`), { cache })).toEqual(card);
    expect(server.requests.sort()).toEqual([
      'GET /folder/config.json bytes=0-0',
      'GET /folder/model.safetensors bytes=0-0',
    ]);
    // Another version at the same address.
    server.manner = { etag: '"two"' };
    server.requests.length = 0;
    await load(`${server.origin}/folder`, { cache });
    expect(server.requests.filter((line) => line.includes('safetensors'))).toHaveLength(4);
    // Three pieces of the weights, one of the card, and what tells that each is complete.
    expect(await filesBelow(cache)).toHaveLength(6);
  });

  it.each([
    ['known', { ranges: false, etag: '"one"' }],
    ['not told', { ranges: false, length: false }],
  ])(
    'is read as a whole where the server knows no ranges, and its length is %s',
    async (_, manner) => {
      const cache = await newCache();
      server.manner = manner;
      const told: LoadProgress[] = [];
      const onProgress = (progress: LoadProgress) => told.push(progress);
      const place = `${server.origin}/model.npz`;
      await load(place, { cache, card: shapeless, onProgress });
      expect(server.requests).toHaveLength(1);
      expect(told.at(-1)).toMatchObject({ file: 'model.npz', loaded: npz.length });
      expect(told[0]?.total).toBe('length' in manner ? undefined : npz.length);
      expect(told.at(-1)?.total).toBe(npz.length);
      // And where nothing is kept, without a trace.
      await load(place, { cache: false, card: shapeless });
      expect(
        (await readdir(tmpdir())).filter((name) => name.startsWith('neverend-trecvit-')),
      ).toEqual([]);
      await load(place, { cache, offline: true, card: shapeless });
      expect(server.requests).toHaveLength(2);
    },
  );

  it.each([true, false])(
    'is downloaded again where nothing but its length tells the version, ranges: %s',
    async (ranges) => {
      const cache = await newCache();
      const contents: Record<string, Uint8Array> = { '/model.npz': npz };
      const other = await serveFiles(contents);
      other.manner = { ranges };
      const kernelNow = async () => {
        const place = `${other.origin}/model.npz`;
        const model = await TRecViT.fromPretrained(place, { cache, card: shapeless });
        const values = (await model.params['decoder/cls_head/kernel']?.data()) as Float32Array;
        model.dispose();
        return hashOf(values);
      };
      expect(await kernelNow()).toBe(hashOf(kernel));
      const changed = TRecViT.init(config, randomKey(9));
      contents['/model.npz'] = await npzOf(changed);
      expect(contents['/model.npz'].length).toBe(npz.length);
      const expected = (await changed.params['decoder/cls_head/kernel']?.data()) as Float32Array;
      changed.dispose();
      expect(await kernelNow()).toBe(hashOf(expected));
      await other.close();
    },
  );

  it('reads an .npz file in ranges without a cache, its members one at a time', async () => {
    const told: LoadProgress[] = [];
    const onProgress = (progress: LoadProgress) => told.push(progress);
    await load(`${server.origin}/model.npz`, { cache: false, card: shapeless, onProgress });
    expect(server.requests.length).toBeLessThanOrEqual(6);
    expect(new Set(server.requests).size).toBe(3);
    const loaded = told.map((progress) => progress.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual({ file: 'model.npz', loaded: npz.length, total: npz.length });
  });

  it('comes from the cache alone where it is told to be offline, or no server answers', async () => {
    const cache = await newCache();
    const other = await serveFiles({ '/m/model.safetensors': files['model.safetensors'] });
    const place = `${other.origin}/m/`;
    await expect(TRecViT.fromPretrained(place, { cache, offline: true })).rejects.toThrow(
      `${place}model.safetensors is not in the cache, and may not be downloaded while offline`,
    );
    expect(await load(place, { cache })).toEqual(card);
    other.requests.length = 0;
    expect(await load(place, { cache, offline: true })).toEqual(card);
    expect(other.requests).toEqual([]);
    await other.close();
    expect(await load(place, { cache })).toEqual(card);
    await expect(TRecViT.fromPretrained(place, { cache: false })).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+\/m\/model\.safetensors cannot be reached: connect ECONNREFUSED/,
    );
  });

  it('goes on where a download was cut, and what was there before stays usable', async () => {
    const cache = await newCache();
    const place = `${server.origin}/bare`;
    const options = { cache, card: shapeless };
    server.manner = { etag: '"one"' };
    await load(place, options);
    // The second version is cut in its second piece.
    server.manner = { etag: '"two"', cutAfter: 4_194_304 - 1000 };
    await expect(TRecViT.fromPretrained(place, options)).rejects.toThrow(
      `${place}/model.safetensors: the download ended after 4193304 of 4194304 bytes; try again`,
    );
    await load(place, { ...options, offline: true });
    server.manner = { etag: '"two"' };
    server.requests.length = 0;
    await load(place, options);
    expect(
      server.requests.filter((line) => line.includes('safetensors')).length,
    ).toBeLessThanOrEqual(4);
  });

  it.each([
    [
      'cut',
      { ranges: false, cutAfter: 5_000_000 },
      /the download ended after \d+ of \d+ bytes; try again$/,
    ],
    [
      'cut, of a length that is not told',
      { ranges: false, length: false, cutAfter: 5_000_000 },
      /the download ended after \d+ bytes; try again$/,
    ],
    [
      'of a wrong length in ranges',
      { short: 10 },
      /the download ended after 4194294 of 4194304 bytes; try again$/,
    ],
    ['shorter than the file', { ranges: false, short: 10 }, /model\.npz: /],
  ])('is refused where it is %s, and nothing stays', async (_, manner, message) => {
    const cache = await newCache();
    server.manner = manner;
    const loading = TRecViT.fromPretrained(`${server.origin}/model.npz`, {
      cache,
      card: shapeless,
    });
    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
    const kept = await filesBelow(cache);
    expect(kept.filter((name) => name.includes('.part'))).toEqual([]);
    expect(
      (await readdir(tmpdir())).filter((name) => name.startsWith('neverend-trecvit-')),
    ).toEqual([]);
  });

  it('is refused where there is none', async () => {
    await expect(
      TRecViT.fromPretrained(`${server.origin}/other`, { cache: false }),
    ).rejects.toThrow(
      `${server.origin}/other/model.safetensors: the server answered 404 Not Found`,
    );
    await expect(
      TRecViT.fromPretrained(`${server.origin}/a.npz`, { cache: false }),
    ).rejects.toThrow(`${server.origin}/a.npz: the server answered 404 Not Found`);
  });

  it('is loaded without being kept where the cache cannot be written', async () => {
    const file = join(folder, 'no-folder');
    await writeFile(file, '');
    for (const ranges of [true, false]) {
      server.manner = { ranges };
      await load(`${server.origin}/model.npz`, { cache: file, card: shapeless });
    }
    expect(existsSync(file)).toBe(true);
  });

  it('downloads a piece again that is damaged in the cache', async () => {
    const cache = await newCache();
    server.manner = { etag: '"one"' };
    await load(`${server.origin}/bare`, { cache, card: shapeless });
    const [kept = ''] = await readdir(cache);
    const pieces = (await readdir(join(cache, kept))).filter((name) => name.endsWith('-1'));
    await writeFile(join(cache, kept, pieces[0] ?? ''), 'short');
    server.requests.length = 0;
    await load(`${server.origin}/bare`, { cache, card: shapeless });
    expect(server.requests.filter((line) => line.includes('bytes=4194304-'))).toHaveLength(1);
    expect(server.requests.filter((line) => line.includes('bytes=8388608-'))).toHaveLength(0);
  });
});

describe('a loading that is stopped', () => {
  it.each([
    ['in ranges', {}],
    ['as a whole', { ranges: false }],
  ])('%s is an AbortError, at any moment, and leaves nothing half-written', async (_, manner) => {
    server.manner = manner;
    for (const at of [0, 1000, 5_000_000, 9_000_000]) {
      const cache = await newCache();
      const controller = new AbortController();
      const loading = TRecViT.fromPretrained(`${server.origin}/model.npz`, {
        ...{ cache, card: shapeless, signal: controller.signal },
        onProgress: ({ loaded }) => {
          if (loaded >= at) controller.abort();
        },
      });
      await expect(loading).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      const kept = await filesBelow(cache);
      expect(kept.filter((name) => name.includes('.part') || name === 'complete.json')).toEqual([]);
      expect(tf.memory().numTensors).toBe(tensors);
    }
    expect(
      (await readdir(tmpdir())).filter((name) => name.startsWith('neverend-trecvit-')),
    ).toEqual([]);
  });

  it('before it began or while a file is read is one too, and its own reason is told', async () => {
    const early = AbortSignal.abort();
    await expect(TRecViT.fromPretrained(npz, { signal: early })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    const controller = new AbortController();
    const loading = TRecViT.fromPretrained(npz, {
      ...{ card: shapeless, signal: controller.signal },
      onProgress: ({ loaded }) => {
        if (loaded > 6_000_000) controller.abort(new Error('enough'));
      },
    });
    await expect(loading).rejects.toThrow('enough');
  });
});
