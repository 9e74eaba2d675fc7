import type { io } from '@tensorflow/tfjs-core';
import { CheckpointError } from './checkpoint-error.ts';

/** What `model.json` holds; a file of weights alone has no topology. */
export type ModelJson = Partial<io.ModelJSON>;

/** Bytes of one value, as TensorFlow.js stores it. */
const valueBytes = new Map<unknown, number>([
  ['float32', 4],
  ['int32', 4],
  ['bool', 1],
  ['complex64', 8],
]);

const quantizedBytes = new Map<unknown, number>([
  ['uint8', 1],
  ['uint16', 2],
  ['float16', 2],
]);

/** @throws CheckpointError for what is no JSON of a model, or names files outside of its folder. */
export function parseModelJson(text: string): ModelJson {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`it is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(json)) throw new CheckpointError('it must hold an object');
  const { weightsManifest = null, ...others } = json;
  if (weightsManifest === null) return others;
  if (!Array.isArray(weightsManifest)) throw new CheckpointError('weightsManifest must be a list');
  for (const group of weightsManifest) checkGroup(group);
  return json;
}

/**
 * @param name of the data, for the error
 * @throws CheckpointError where the weights do not take exactly these bytes, or are of an unknown type.
 */
export function checkWeightBytes(
  name: string,
  weights: readonly io.WeightsManifestEntry[],
  data: Uint8Array,
): void {
  let end = 0;
  for (const { name: weight, shape, dtype, quantization } of weights) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (quantization === undefined && dtype === 'string') {
      for (let i = 0; i < count && end <= data.length; i++) end += 4 + stringBytes(data, end);
      continue;
    }
    const type = quantization?.dtype ?? dtype;
    const bytes = (quantization === undefined ? valueBytes : quantizedBytes).get(type);
    if (bytes === undefined) {
      throw new CheckpointError(`weight "${weight}" has an unknown type, ${JSON.stringify(type)}`);
    }
    end += count * bytes;
  }
  if (end === data.length) return;
  throw new CheckpointError(`${name} has ${data.length} bytes; its weights take ${end}`);
}

/** Length of the string whose length lies there; 0 beyond the end, where the sum tells. */
function stringBytes(data: Uint8Array, at: number): number {
  if (at + 4 > data.length) return 0;
  return new DataView(data.buffer, data.byteOffset).getUint32(at, true);
}

function checkGroup(group: unknown): void {
  const { paths, weights } = isObject(group) ? group : {};
  if (!Array.isArray(paths) || !Array.isArray(weights)) {
    throw new CheckpointError('each group of weightsManifest must have lists of paths and weights');
  }
  for (const path of paths) {
    if (typeof path !== 'string' || /^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(path)) {
      throw new CheckpointError(
        `weightsManifest has the path ${JSON.stringify(path)}; it must lie in the folder of the model`,
      );
    }
  }
  for (const weight of weights) {
    const { name, shape } = isObject(weight) ? weight : {};
    const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0;
    if (typeof name !== 'string' || !Array.isArray(shape) || !shape.every(isSize)) {
      throw new CheckpointError(
        `weightsManifest has the weight ${JSON.stringify(weight)}; it must have a name and a shape`,
      );
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
