import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { io } from '@tensorflow/tfjs-core';
import { CheckpointError } from './checkpoint-error.ts';
import { inFile } from './in-file.ts';
import { checkWeightBytes, type ModelJson, parseModelJson } from './model-json.ts';
import { writeFilesAtomic } from './write-file-atomic.ts';

/** What a model has beside its weights; `model.json` holds these under the same names. */
const fields = [
  ...(['modelTopology', 'format', 'generatedBy', 'convertedBy', 'trainingConfig'] as const),
  ...(['signature', 'userDefinedMetadata', 'modelInitializer', 'initializerSignature'] as const),
];

const modelFile = 'model.json';
const weightsFile = 'weights.bin';

/**
 * A folder as a place for TensorFlow.js models, in Node and without tfjs-node: `model.save(modelFolder(path))` and
 * `loadLayersModel(modelFolder(path))`. It holds what tfjs-node and browsers' downloads hold, `model.json` and
 * `weights.bin`; what they and TensorFlow.js' converter write can be read, in several files and quantised too.
 *
 * Saving makes the folder where there is none. Both files are written and synced under temporary names before either takes its
 * place, so that what was there is lost only once the new model is on the disk.
 *
 * @param path of the folder; to load, that of its `model.json` does as well.
 * @returns a handler whose `save` and `load` throw a CheckpointError of one sentence where the model cannot be saved or what
 * lies there is not one, and else the file system's error.
 */
export function modelFolder(path: string | URL): Required<Pick<io.IOHandler, 'save' | 'load'>> {
  const place = resolve(typeof path === 'string' ? path : fileURLToPath(path));
  return { save: (model) => save(place, model), load: () => load(place) };
}

async function save(folder: string, model: io.ModelArtifacts): Promise<io.SaveResult> {
  const { modelTopology, weightSpecs = [], weightData = [] } = model;
  if (modelTopology instanceof ArrayBuffer) {
    throw new CheckpointError('modelTopology was binary; it must be JSON');
  }
  const data = Array.isArray(weightData)
    ? Buffer.concat(weightData.map((part) => new Uint8Array(part)))
    : new Uint8Array(weightData);
  checkWeightBytes('weightData', weightSpecs, data);
  const json = JSON.stringify({
    ...pick(model),
    weightsManifest: [{ paths: [weightsFile], weights: weightSpecs }],
  } satisfies Partial<io.ModelJSON>);
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error;
    throw new CheckpointError(`${folder} cannot be a folder: there is a file`, { cause: error });
  });
  await writeFilesAtomic([
    [join(folder, weightsFile), data],
    [join(folder, modelFile), json],
  ]);
  const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');
  return {
    modelArtifactsInfo: {
      dateSaved: new Date(),
      modelTopologyType: 'JSON',
      modelTopologyBytes: bytesOf(modelTopology),
      weightSpecsBytes: bytesOf(weightSpecs),
      weightDataBytes: data.length,
    },
  };
}

async function load(place: string): Promise<io.ModelArtifacts> {
  const file = (await find(place)).isDirectory() ? join(place, modelFile) : place;
  await find(file);
  const json = await inFile(file, async () => parseModelJson(await readFile(file, 'utf8')));
  const { weightsManifest } = json;
  if (weightsManifest === undefined) return pick(json);
  const weightData: ArrayBuffer[] = [];
  for (const { paths, weights } of weightsManifest) {
    const data = await readFiles(paths.map((path) => join(dirname(file), path)));
    checkWeightBytes(join(dirname(file), paths.join(', ')), weights, data);
    weightData.push(data.buffer);
  }
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return { ...pick(json), weightSpecs, weightData };
}

function pick(model: io.ModelArtifacts | ModelJson): Omit<io.ModelArtifacts, 'weightData'> {
  const given = fields.filter((field) => model[field] !== undefined);
  return Object.fromEntries(given.map((field) => [field, model[field]]));
}

async function find(path: string): Promise<{ isDirectory(): boolean; readonly size: number }> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new CheckpointError(`${path} does not exist`, { cause: error });
  });
}

/** The bytes of some files, one after the other. Unlike `readFile`, it takes files above 2 GiB. */
async function readFiles(paths: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const sizes = await Promise.all(paths.map(async (path) => (await find(path)).size));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [index, path] of paths.entries()) {
    const end = at + (sizes[index] ?? 0);
    const file = await open(path);
    try {
      while (at < end) {
        const { bytesRead } = await file.read(bytes, at, Math.min(end - at, 2 ** 30));
        if (bytesRead === 0) throw new CheckpointError(`${path} shrank while it was read`);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
  return bytes;
}
