import { checkTensor, ShapeError } from '@neverend/backend';
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
} from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { namedState, type StreamState, stateOf, stateShapes } from './state.ts';

const format = 'neverend-trecvit-stream-1';

/** What a state belongs to, for a message: each field as text. */
function belongings({ config, average, seen }: Omit<StreamState, 'model'>): Record<string, string> {
  const fields = { ...config, batch: seen.length };
  const texts = Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)]);
  const ofAverage =
    'window' in average ? `a window of ${average.window}` : `a half-life of ${average.halfLife}`;
  return { ...Object.fromEntries(texts), average: ofAverage };
}

/**
 * @param of what `belongings` made of the state. @param stream has the configuration, the average and the batch that it must have.
 * @throws CheckpointError naming the first field that differs.
 */
function checkBelongs(of: object, stream: Omit<StreamState, 'model'>): void {
  const madeWith = new Map<string, unknown>(Object.entries(of));
  const wanted = new Map(Object.entries(belongings(stream)));
  for (const name of new Set([...wanted.keys(), ...madeWith.keys()])) {
    const [was, is] = [madeWith.get(name), wanted.get(name)];
    if (was !== is) {
      throw new CheckpointError(
        `the state was made with ${name} ${JSON.stringify(was)}; this stream has ${JSON.stringify(is)}`,
      );
    }
  }
}

/**
 * @throws CheckpointError when a state is of another configuration, batch or average, naming it. @throws ShapeError | DTypeError naming a
 * tensor that does not fit.
 */
export function checkState(state: StreamState, stream: Omit<StreamState, 'model'>): void {
  checkBelongs(belongings(state), stream);
  if (state.model === undefined) return;
  const named = namedState(state.model);
  const shapes = stateShapes(stream.seen.length, stream.average, stream.config);
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = named[name];
    if (tensor === undefined) throw new ShapeError(`state.model had no ${name}`);
    checkTensor(`state.model ${name}`, tensor, shape);
  }
}

/** The state of a stream as a safetensors file; its metadata say what it belongs to. */
export async function encodeState(state: StreamState): Promise<Uint8Array> {
  const { seen, model } = state;
  const named = Object.entries(model === undefined ? {} : namedState(model));
  const arrays = await Promise.all(
    named.map(async ([name, tensor]): Promise<[string, NamedArray]> => {
      const data = (await tensor.data()) as Float32Array;
      return [name, { dtype: 'float32', shape: tensor.shape, data }];
    }),
  );
  return encodeSafetensors(Object.fromEntries(arrays), {
    format,
    of: JSON.stringify(belongings(state)),
    seen: JSON.stringify(seen),
  });
}

/**
 * @returns tensors that are the caller's to dispose.
 * @throws CheckpointError when the bytes are no such file, or of another configuration, batch or average, naming it.
 */
export function decodeState(bytes: Uint8Array, stream: Omit<StreamState, 'model'>): StreamState {
  const { config, average } = stream;
  const batch = stream.seen.length;
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata['format'] !== format) {
    throw new CheckpointError(
      `the file says that its format is ${JSON.stringify(metadata['format'])}; the state of a stream has "${format}"`,
    );
  }
  const [of, seen] = [parsed(metadata, 'of'), parsed(metadata, 'seen')];
  if (typeof of !== 'object' || of === null) {
    throw new CheckpointError('the metadata "of" of the state is no object');
  }
  checkBelongs(of, stream);
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(seen) || seen.length !== batch || !seen.every(isCount)) {
    throw new CheckpointError(`the metadata "seen" of the state is no list of ${batch} counts`);
  }
  const begun = seen.some((count) => count > 0);
  if (!begun) return { config, average, seen, model: undefined };
  const shapes = stateShapes(batch, average, config);
  for (const [name, shape] of Object.entries(shapes)) {
    const array = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (array?.dtype !== 'float32' || array.shape.join() !== shape.join()) {
      throw new CheckpointError(`the state must have ${name} of [${shape.join(', ')}] in float32`);
    }
  }
  const tensor = (name: string) =>
    tf.tensor(tensors[name]?.data as Float32Array, shapes[name] as number[]);
  return { config, average, seen, model: stateOf(config.layers, tensor) };
}

function parsed(metadata: Readonly<Record<string, string>>, name: string): unknown {
  try {
    return JSON.parse(metadata[name] ?? '');
  } catch (cause) {
    throw new CheckpointError(`the metadata "${name}" of the state is no JSON`, { cause });
  }
}
