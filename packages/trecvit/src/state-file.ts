import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
} from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, tokensOf } from './config.ts';
import type { TRecViTState } from './forward.ts';
import { namedState, stateOf } from './state.ts';

/** How a stream averages over time. */
export type Average = { readonly halfLife: number } | { readonly window: number };

const format = 'neverend-trecvit-stream-1';

/** The state of a stream as a safetensors file; its metadata say what it belongs to. */
export async function encodeState(
  state: TRecViTState | undefined,
  { seen, average }: { readonly seen: readonly number[]; readonly average: Average },
  config: TRecViTConfig,
): Promise<Uint8Array> {
  const named = Object.entries(state === undefined ? {} : namedState(state));
  const arrays = await Promise.all(
    named.map(async ([name, tensor]): Promise<[string, NamedArray]> => {
      const data = (await tensor.data()) as Float32Array;
      return [name, { dtype: 'float32', shape: tensor.shape, data }];
    }),
  );
  return encodeSafetensors(Object.fromEntries(arrays), {
    format,
    config: JSON.stringify(config),
    // JSON has no infinite half-life.
    average: JSON.stringify(average, (_, value) => (value === Infinity ? 'Infinity' : value)),
    seen: JSON.stringify(seen),
  });
}

/** @throws CheckpointError when the bytes are no such file, or of another configuration, batch or average, naming it. */
export function decodeState(
  bytes: Uint8Array,
  { batch, average }: { readonly batch: number; readonly average: Average },
  config: TRecViTConfig,
): { seen: readonly number[]; state: TRecViTState | undefined } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata['format'] !== format) {
    throw new CheckpointError(
      `the file says that its format is ${JSON.stringify(metadata['format'])}; the state of a stream has "${format}"`,
    );
  }
  const seen = parsed(metadata, 'seen') as readonly number[];
  const madeWith = {
    ...(parsed(metadata, 'config') as object),
    ...(parsed(metadata, 'average') as object),
    batch: seen.length,
  } as Record<string, unknown>;
  const wanted: Record<string, unknown> = { ...config, ...average, batch };
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(madeWith)])) {
    const [was, is] = [String(madeWith[name]), String(wanted[name])];
    if (was !== is) {
      throw new CheckpointError(`the state was made with ${name} ${was}; this stream has ${is}`);
    }
  }
  if (Object.keys(tensors).length === 0) return { seen, state: undefined };
  const shapes = stateShapes(batch, average, config);
  const made: tf.Tensor[] = [];
  try {
    const state = stateOf(config.layers, (name) => {
      const [array, shape] = [tensors[name], shapes(name)];
      if (array?.dtype !== 'float32' || array.shape.join() !== shape.join()) {
        throw new CheckpointError(
          `the state must have ${name} of [${shape.join(', ')}] in float32`,
        );
      }
      const tensor = tf.tensor(array.data, shape);
      made.push(tensor);
      return tensor;
    });
    return { seen, state };
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
}

function parsed(metadata: Readonly<Record<string, string>>, name: string): unknown {
  try {
    return JSON.parse(metadata[name] ?? '');
  } catch (cause) {
    throw new CheckpointError(`the metadata "${name}" of the state is no JSON`, { cause });
  }
}

/** What shape each tensor of a state has, by the name's last part. */
function stateShapes(batch: number, average: Average, config: TRecViTConfig) {
  const { lruWidth, taps, headWidth } = config;
  const kept = 'window' in average ? average.window : 1;
  const tokens = tokensOf(config);
  const shapes: Readonly<Record<string, number[]>> = {
    rg_lru: [batch, tokens, lruWidth],
    conv: [batch, taps - 1, tokens, lruWidth],
    values: [batch, kept, headWidth],
    weights: [batch, kept],
  };
  return (name: string): number[] => shapes[name.split('/').at(-1) ?? ''] ?? [];
}
