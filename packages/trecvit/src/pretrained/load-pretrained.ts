import { checkOptions } from '@neverend/backend';
import { type ByteSource, CheckpointError } from '@neverend/checkpoint';
import type * as tf from '@tensorflow/tfjs-core';
import { configFields, type TRecViTConfig } from '../config.ts';
import {
  cardId,
  checkCard,
  type ModelCard,
  officialInput,
  readCard,
  type VideoInput,
} from '../config-file.ts';
import { type Arrays, openArrays } from '../open-arrays.ts';
import { readArrays } from '../read-params.ts';
import { inferConfig } from './infer-config.ts';
import { cardFile, type ModelLocation, modelPlace } from './model-place.ts';
import type { OpenFile } from './open-url.ts';

/** How much of a model's file is here. */
export interface LoadProgress {
  readonly file: string;
  /** Bytes. */
  readonly loaded: number;
  /** Bytes of the whole file; undefined where a server does not tell it. */
  readonly total: number | undefined;
}

/** How a model is loaded. */
export interface PretrainedOptions {
  /** Is told how far the file with the parameters is. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Stops the loading at any moment. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where downloads are kept. Default: true, Cache Storage in browsers, and in Node a folder below the user's cache folder
   * (`XDG_CACHE_HOME`). Or a folder, in Node, or the name of a Cache. false: nowhere.
   */
  readonly cache?: boolean | string | undefined;
  /** Takes models from the cache alone, and never asks a server. Default: false, and a server is asked for its version. */
  readonly offline?: boolean | undefined;
  /** What the model's `config.json` would say, where it has none or says otherwise: fields that are given here win. */
  readonly card?: PartialCard | undefined;
}

/** Parts of a `ModelCard`. */
export interface PartialCard {
  readonly config?: Partial<TRecViTConfig> | undefined;
  readonly input?: Partial<VideoInput> | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A model's card and parameters.
 *
 * @returns tensors by the names of `paramShapes`, the caller's to dispose. @throws as `TRecViT.fromPretrained`.
 */
export async function loadPretrained(
  from: ModelLocation,
  options: PretrainedOptions = {},
): Promise<{ card: ModelCard; params: Record<string, tf.Tensor> }> {
  checkOptions('fromPretrained', options, ['onProgress', 'signal', 'cache', 'offline', 'card']);
  const { onProgress, signal, cache = true, offline = false, card: given = {} } = options;
  checkOptions('card', given, ['config', 'input', 'classNames']);
  checkOptions('card.config', given.config ?? {}, configFields);
  if (offline && cache === false) {
    throw new TypeError('offline was true and cache was false; offline models come from the cache');
  }
  signal?.throwIfAborted();
  const place = await modelPlace(from, {
    ...{ signal, cache, offline },
    onBytes: (file, loaded, total) => {
      if (file !== cardFile) onProgress?.({ file, loaded, total });
    },
  });
  const isRemote = (label: string) => /^https?:/.test(label);
  const told = ({ label, source }: OpenFile): ByteSource =>
    isRemote(label) || onProgress === undefined
      ? watched(source, signal)
      : watched(source, signal, (loaded) =>
          onProgress({ file: label.split(/[\\/]/).at(-1) ?? label, loaded, total: source.size }),
        );
  const weights = await place.openWeights();
  let isRead = false;
  try {
    const arrays = await inFile(weights.label, () => openArrays(told(weights)));
    const text = await place.openCard().then((file) => file && textOf(file, signal));
    const loaded = await inFile(weights.label, async () => {
      const card = await cardOf(arrays, text, given);
      return { card, params: await readArrays(arrays, card.config, { signal }) };
    });
    isRead = true;
    return loaded;
  } finally {
    await weights.close(isRead);
  }
}

/** A `CheckpointError` that says in which file, of the same kind. */
export async function inFile<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!CheckpointError.isInstance(error) || error.message.includes(label)) throw error;
    throw new CheckpointError(`${label}: ${error.message}`, { cause: error });
  }
}

export async function textOf(file: OpenFile, signal: AbortSignal | undefined): Promise<string> {
  let isRead = false;
  try {
    const { size } = file.source;
    const bytes = await watched(file.source, signal).read(0, size);
    isRead = true;
    return new TextDecoder().decode(bytes);
  } finally {
    await file.close(isRead);
  }
}

/** Bytes whose reading counts as progress once. */
const pageBytes = 1 << 16;

/** A source that stops at a signal, and tells how many of its bytes were read. */
function watched(
  source: ByteSource,
  signal: AbortSignal | undefined,
  tell?: (loaded: number) => void,
): ByteSource {
  const pages = new Set<number>();
  return {
    size: source.size,
    async read(start, end) {
      signal?.throwIfAborted();
      const bytes = await source.read(start, end);
      signal?.throwIfAborted();
      for (let at = start; at < end; at += pageBytes) pages.add(Math.floor(at / pageBytes));
      if (end > start) pages.add(Math.floor((end - 1) / pageBytes));
      tell?.(Math.min(pages.size * pageBytes, source.size));
      return bytes;
    },
  };
}

/** What the folder says, or the file itself, or the shapes of its arrays; what the caller says wins. */
async function cardOf(
  arrays: Arrays,
  text: string | undefined,
  { config = {}, input = {}, classNames }: PartialCard,
): Promise<ModelCard> {
  const inside = arrays.metadata[cardFile];
  // A writer that was stopped between both files left the card of before: then that inside of the weights is theirs.
  const isOlder =
    text !== undefined &&
    inside !== undefined &&
    (cardId(text) ?? cardId(inside)) !== cardId(inside);
  const told = isOlder ? inside : (text ?? inside);
  const card: ModelCard =
    told === undefined
      ? { config: await inferConfig(arrays, config), input: officialInput }
      : readCard(told);
  const names = classNames ?? card.classNames;
  const merged: ModelCard = {
    config: { ...card.config, ...config },
    input: { ...card.input, ...input },
    ...(names === undefined ? {} : { classNames: names }),
  };
  checkCard(merged);
  return merged;
}
