import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { describeBackends, expectNoLeak, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointError } from '../src/index.ts';
import { modelFolder } from '../src/node.ts';

/** Its handler of `file://` needs nothing native. */
const { fileSystem } = createRequire(import.meta.url)(
  '@tensorflow/tfjs-node/dist/io/file_system.js',
) as {
  fileSystem(path: string): Required<Pick<tf.io.IOHandler, 'save' | 'load'>>;
};

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await fs.mkdtemp(join(tmpdir(), 'neverend-model-'));
  folder = join(parent, 'a', 'model');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(parent, { recursive: true });
});

const floats = (...values: number[]): ArrayBuffer => Float32Array.from(values).buffer;

/** Artifacts with every field, and a weight of every type. */
const artifacts: tf.io.ModelArtifacts = {
  modelTopology: { class_name: 'Sequential', config: { name: 'm ✓' } },
  format: 'layers-model',
  generatedBy: 'TensorFlow.js tfjs-layers v4.22.0',
  convertedBy: null,
  trainingConfig: { optimizer_config: { class_name: 'Adam', config: {} }, loss: 'mse' },
  signature: { inputs: {} },
  userDefinedMetadata: { classes: ['a', 'b'] },
  weightSpecs: [
    { name: 'kernel', shape: [2, 1], dtype: 'float32' },
    { name: 'count', shape: [], dtype: 'int32' },
    { name: 'mask', shape: [4], dtype: 'bool' },
    { name: 'words', shape: [2], dtype: 'string' },
    { name: 'empty', shape: [0, 3], dtype: 'float32' },
    { name: 'wave', shape: [1], dtype: 'complex64' },
    {
      name: 'bytes',
      shape: [4],
      dtype: 'float32',
      quantization: { dtype: 'uint8', min: -1, scale: 0.5 },
    },
    { name: 'halves', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
    { name: 'kernel/m', shape: [1], dtype: 'float32', group: 'optimizer' },
  ],
  weightData: [
    [floats(1.5, -2), Int32Array.of(7).buffer, Uint8Array.of(1, 0, 0, 1).buffer],
    [Uint8Array.of(2, 0, 0, 0, 104, 105, 0, 0, 0, 0).buffer, floats(3, 4)],
    [Uint8Array.of(0, 2, 4, 255).buffer, Uint8Array.of(0, 60, 0, 192).buffer, floats(0.25)],
  ].flat(),
};

/** What TensorFlow.js decodes of them, read off the bytes above. */
const values = {
  kernel: [1.5, -2],
  count: [7],
  mask: [1, 0, 0, 1],
  words: ['hi', ''],
  empty: [],
  wave: [3, 4],
  bytes: [-1, 0, 1, 126.5],
  halves: [1, -2],
  'kernel/m': [0.25],
};

const tfjsNode = (): tf.io.IOHandler => fileSystem(join(folder, 'model.json'));

async function decoded({ weightData, weightSpecs }: tf.io.ModelArtifacts): Promise<unknown> {
  const tensors = tf.io.decodeWeights(weightData ?? [], weightSpecs ?? []);
  const pairs = Object.entries(tensors).map(async ([name, x]) => [name, [...(await x.data())]]);
  const result = Object.fromEntries(await Promise.all(pairs));
  tf.dispose(tensors);
  return result;
}

await describeBackends('a model in a folder', () => {
  const makeModel = (): LayersModel =>
    sequential({
      layers: [
        layers.dense({ units: 3, inputShape: [2], activation: 'tanh' }),
        layers.dense({ units: 2, useBias: false }),
        layers.dense({ units: 1 }),
      ],
    });

  it('comes back with its weights and metadata, and leaves no tensor', async () => {
    await expectNoLeak(async () => {
      const model = makeModel();
      model.setUserDefinedMetadata({ classes: ['cat', 'dog'] });
      const x = tf.tensor2d([[1, 2]]);
      const result = await model.save(modelFolder(folder));
      expect(result.modelArtifactsInfo).toMatchObject({
        modelTopologyType: 'JSON',
        // 2 x 3 + 3, 3 x 2, 2 + 1 numbers.
        weightDataBytes: 4 * 18,
      });
      const expected = model.predict(x) as tf.Tensor;
      for (const place of [folder, pathToFileURL(folder), join(folder, 'model.json')]) {
        const loaded = await loadLayersModel(modelFolder(place));
        const again = loaded.predict(x) as tf.Tensor;
        const exact = { rtol: 0, atol: 0 };
        await expectTensorClose(again, { shape: [1, 1], data: await expected.data() }, exact);
        expect(loaded.getUserDefinedMetadata()).toEqual({ classes: ['cat', 'dog'] });
        again.dispose();
        loaded.dispose();
      }
      tf.dispose([x, expected]);
      model.dispose();
    });
  });

  it('comes back with its optimiser', async () => {
    const model = makeModel();
    model.compile({ optimizer: tf.train.adam(0.1), loss: 'meanSquaredError' });
    const [x, y] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[3]])];
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    await model.save(modelFolder(folder), { includeOptimizer: true });
    const loaded = await loadLayersModel(modelFolder(folder));
    const state = async ({ optimizer }: LayersModel) => {
      const weights = await optimizer.getWeights();
      return Promise.all(
        weights.map(async ({ name, tensor }) => [name, [...(await tensor.data())]]),
      );
    };
    const expected = await state(model);
    expect(await state(loaded)).toEqual(expected);
    // The number of steps, and two moments of five variables.
    expect(expected).toHaveLength(11);
    expect(expected[0]).toEqual(['iter', [2]]);
  });

  it('that is cut off leaves no tensor either', async () => {
    const model = makeModel();
    await model.save(modelFolder(folder));
    await fs.truncate(join(folder, 'weights.bin'), 70);
    await expectNoLeak(async () => {
      await expect(loadLayersModel(modelFolder(folder))).rejects.toThrow(
        `${join(folder, 'weights.bin')} has 70 bytes; its weights take 72`,
      );
    });
    model.dispose();
  });
}, ['cpu', 'wasm']);

describe('modelFolder', () => {
  beforeAll(async () => {
    // wasm has no complex numbers.
    await tf.setBackend('cpu');
  });

  it('reads back what it wrote, of every type', async () => {
    await modelFolder(folder).save(artifacts);
    expect((await fs.readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    const { weightData, ...rest } = await modelFolder(folder).load();
    const { weightData: _, ...expected } = artifacts;
    expect(rest).toEqual(expected);
    expect(await decoded({ ...rest, weightData: weightData ?? [] })).toEqual(values);
  });

  it('writes what tfjs-node reads, and reads what tfjs-node writes', async () => {
    await modelFolder(folder).save(artifacts);
    const theirs = await tfjsNode().load?.();
    expect(await decoded(theirs ?? {})).toEqual(values);
    expect(theirs).toMatchObject({ userDefinedMetadata: { classes: ['a', 'b'] } });

    await fs.rm(folder, { recursive: true });
    await fs.mkdir(folder, { recursive: true });
    const whole = Buffer.concat((artifacts.weightData as ArrayBuffer[]).map((x) => Buffer.from(x)));
    await fileSystem(folder).save({ ...artifacts, weightData: new Uint8Array(whole).buffer });
    const ours = await modelFolder(folder).load();
    expect(await decoded(ours)).toEqual(values);
    expect(ours.trainingConfig).toEqual(artifacts.trainingConfig);
  });

  it('reads several groups, whose files cut weights in two', async () => {
    await fs.mkdir(join(folder, 'shards'), { recursive: true });
    const bytes = new Uint8Array(floats(1, 2, 3));
    await fs.writeFile(join(folder, 'group1-shard1of2.bin'), bytes.subarray(0, 7));
    await fs.writeFile(join(folder, 'group1-shard2of2.bin'), bytes.subarray(7));
    await fs.writeFile(join(folder, 'shards', '2.bin'), new Uint8Array(floats(4)));
    const weight = (name: string, size: number) => ({ name, shape: [size], dtype: 'float32' });
    await fs.writeFile(
      join(folder, 'model.json'),
      JSON.stringify({
        modelTopology: {},
        weightsManifest: [
          {
            paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'],
            weights: [weight('a', 1), weight('b', 2)],
          },
          { paths: ['shards/2.bin'], weights: [weight('c', 1)] },
        ],
      }),
    );
    const expected = { a: [1], b: [2, 3], c: [4] };
    expect(await decoded(await modelFolder(folder).load())).toEqual(expected);
  });

  it('takes a topology without weights', async () => {
    await modelFolder(folder).save({ modelTopology: { a: 1 } });
    expect(await modelFolder(folder).load()).toMatchObject({ modelTopology: { a: 1 } });
    await fs.writeFile(
      join(folder, 'model.json'),
      '{"modelTopology":{"b":2},"weightsManifest":null}',
    );
    expect(await modelFolder(folder).load()).toEqual({ modelTopology: { b: 2 } });
  });

  it('keeps the old model, whole, where the new one cannot be written', async () => {
    await modelFolder(folder).save({ modelTopology: { old: true } });
    const handle = await fs.open(folder, 'r');
    await handle.close();
    let left = 1;
    vi.spyOn(Object.getPrototypeOf(handle) as fs.FileHandle, 'sync').mockImplementation(
      async () => {
        if (left-- === 0) throw new Error('ENOSPC: simulated');
      },
    );
    await expect(modelFolder(folder).save(artifacts)).rejects.toThrow('ENOSPC');
    vi.restoreAllMocks();
    expect((await fs.readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    expect(await modelFolder(folder).load()).toMatchObject({ modelTopology: { old: true } });
  });

  it.each([
    ['no JSON', '{"modelTopology":', /model\.json: it is no JSON: /],
    ['a list', '[]', /model\.json: it must hold an object$/],
    ['no list of groups', '{"weightsManifest":{}}', /weightsManifest must be a list$/],
    [
      'a group without files',
      '{"weightsManifest":[{"weights":[]}]}',
      /lists of paths and weights$/,
    ],
    [
      'a file outside of the folder',
      '{"weightsManifest":[{"paths":["../weights.bin"],"weights":[]}]}',
      /has the path "\.\.\/weights\.bin"; it must lie in the folder of the model$/,
    ],
    [
      'an absolute path',
      '{"weightsManifest":[{"paths":["/dev/zero"],"weights":[]}]}',
      /"\/dev\/zero"; it must lie/,
    ],
    [
      'a weight without a shape',
      '{"weightsManifest":[{"paths":[],"weights":[{"name":"w"}]}]}',
      /has the weight \{"name":"w"\}; it must have a name and a shape$/,
    ],
    [
      'an unknown type',
      '{"weightsManifest":[{"paths":[],"weights":[{"name":"w","shape":[1],"dtype":"float64"}]}]}',
      /weight "w" has an unknown type, "float64"$/,
    ],
    [
      'a file that is not there',
      '{"weightsManifest":[{"paths":["weights.bin"],"weights":[]}]}',
      /weights\.bin does not exist$/,
    ],
    [
      'more strings than there can be',
      '{"weightsManifest":[{"paths":["model.json"],"weights":[{"name":"w","shape":[9e15],"dtype":"string"}]}]}',
      /model\.json has \d+ bytes; its weights take \d+$/,
    ],
  ])('refuses %s in one sentence', async (_, json, message) => {
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(join(folder, 'model.json'), json);
    const error = await modelFolder(folder)
      .load()
      .catch((reason: unknown) => reason);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  it('says what is missing, and what is in the way', async () => {
    await expect(modelFolder(folder).load()).rejects.toThrow(`${folder} does not exist`);
    await fs.mkdir(folder, { recursive: true });
    const file = join(folder, 'model.json');
    await expect(modelFolder(folder).load()).rejects.toThrow(`${file} does not exist`);
    await fs.writeFile(file, '');
    for (const place of [file, join(file, 'below')]) {
      await expect(modelFolder(place).save(artifacts)).rejects.toThrow(
        `${place} cannot be a folder: there is a file`,
      );
    }
    expect(existsSync(join(folder, 'weights.bin'))).toBe(false);
  });

  it('writes nothing that it would not read', async () => {
    await expect(modelFolder(folder).save({ modelTopology: new ArrayBuffer(8) })).rejects.toThrow(
      'modelTopology was binary; it must be JSON',
    );
    const short = { ...artifacts, weightData: new ArrayBuffer(3) };
    await expect(modelFolder(folder).save(short)).rejects.toThrow(/^weightData has 3 bytes; its/);
    expect(existsSync(folder)).toBe(false);
  });
});
