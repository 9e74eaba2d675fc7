import * as tf from '@tensorflow/tfjs-core';
import { checkFlag } from './check-flag.ts';
import { BackendError } from './errors.ts';
import { isRemat } from './remat.ts';

/** The part of TensorFlow.js' engine that tells whether something is being differentiated. */
interface Recorder {
  readonly state: { readonly gradientDepth: number };
}

/** Weights in the layout of a kernel. */
interface Packed {
  readonly layout: string;
  readonly of: readonly tf.DataId[];
  readonly info: tf.TensorInfo;
  readonly backend: tf.KernelBackend;
  /** Calls that read it now. */
  readers: number;
}

/** What is packed of each weight, and that it was met. */
const packedOf = new WeakMap<tf.DataId, Set<Packed>>();
const all = new Set<Packed>();
const ofInfo = new WeakMap<tf.DataId, Packed>();
const watched = new WeakSet<tf.KernelBackend>();
let keeps: boolean | undefined;

/**
 * Whether weights that are used a second time stay packed, beside themselves, for as long as they live and are not edited. Products of few rows, as
 * those of a stream's frames, are then faster by a fifth, and weights take twice the memory. Default: the environment variable
 * `NEVEREND_PACKED_WEIGHTS` is not `0`. What is packed now is freed by `false`.
 */
export function keepPackedWeights(keep: boolean): void {
  checkFlag('keep', keep);
  keeps = keep;
  if (!keep) for (const packed of [...all]) drop(packed);
}

const keepsPacked = (): boolean =>
  (keeps ??= typeof process === 'undefined' || process.env?.['NEVEREND_PACKED_WEIGHTS'] !== '0');

/**
 * Bytes of the weights that are packed now: of all, or of those given. `tf.memory()` does not count them: they come and go with the weights.
 */
export function packedWeightsBytes(of?: Iterable<tf.Tensor>): number {
  const ids = of && new Set(Array.from(of, ({ dataId }) => dataId));
  const counted = ids ? [...all].filter((packed) => packed.of.some((id) => ids.has(id))) : [...all];
  return counted.reduce((sum, { info }) => sum + bytesOf(info), 0);
}

/** Whether what runs now is for a gradient: TensorFlow.js records it, or `remat` computes it again for one. */
export const recordsGradients = (): boolean =>
  isRemat() || (tf.engine() as unknown as Recorder).state.gradientDepth > 0;

/**
 * Runs a kernel on weights in its own layout: packed for this call alone, or, from the second call on, kept. Within a gradient, where weights change
 * with each step, nothing is kept.
 *
 * @param weights what is packed, the same tensors at each call. @param layout names what `pack` makes of them.
 * @param pack makes a tensor of the backend that the engine knows nothing of.
 */
export function withPackedWeights<T>(
  backend: tf.KernelBackend,
  weights: readonly tf.TensorInfo[],
  layout: string,
  pack: () => tf.TensorInfo,
  run: (packed: tf.TensorInfo) => T,
): T {
  const kept =
    keepsPacked() && !recordsGradients() ? keptOf(backend, weights, layout, pack) : undefined;
  if (kept === undefined) {
    const packed = pack();
    try {
      return run(packed);
    } finally {
      backend.disposeData(packed.dataId);
    }
  }
  kept.readers++;
  try {
    return run(kept.info);
  } finally {
    kept.readers--;
  }
}

function keptOf(
  backend: tf.KernelBackend,
  weights: readonly tf.TensorInfo[],
  layout: string,
  pack: () => tf.TensorInfo,
): Packed | undefined {
  const of = weights.map(({ dataId }) => dataId);
  const [first] = of as [tf.DataId];
  const met = packedOf.get(first);
  for (const packed of met ?? []) {
    if (packed.layout === layout && of.every((dataId, at) => packed.of[at] === dataId))
      return packed;
  }
  if (met === undefined) {
    packedOf.set(first, new Set());
    return undefined;
  }
  watch(backend);
  let info: tf.TensorInfo;
  try {
    info = pack();
  } catch (error) {
    // Without room for it all goes on as before.
    if (BackendError.isInstance(error)) return undefined;
    throw error;
  }
  const packed: Packed = { layout, of, info, backend, readers: 0 };
  all.add(packed);
  ofInfo.set(info.dataId, packed);
  for (const dataId of of) {
    const others = packedOf.get(dataId) ?? new Set();
    packedOf.set(dataId, others.add(packed));
  }
  return packed;
}

/** Frees what is packed of data that was edited or is gone; it counts as new from then on. */
export function forgetPacked(dataId: tf.DataId): void {
  for (const packed of packedOf.get(dataId) ?? []) drop(packed);
  packedOf.delete(dataId);
}

/** Frees what is packed on a backend and not being read. @returns whether there was any. */
export function releasePacked(backend: object): boolean {
  const free = [...all].filter((packed) => packed.backend === backend && packed.readers === 0);
  for (const packed of free) drop(packed);
  return free.length > 0;
}

function drop(packed: Packed): void {
  if (forget(packed)) packed.backend.disposeData(packed.info.dataId);
}

function forget(packed: Packed): boolean {
  for (const dataId of packed.of) packedOf.get(dataId)?.delete(packed);
  return all.delete(packed);
}

/** Packed weights go with the weights, and all of them with the backend. */
function watch(backend: tf.KernelBackend): void {
  if (watched.has(backend)) return;
  watched.add(backend);
  const disposeData = backend.disposeData.bind(backend);
  backend.disposeData = (dataId, force) => {
    const gone = disposeData(dataId, force);
    if (!gone) return false;
    forgetPacked(dataId);
    // A kernel that fails gives back all that it has taken, and so what it had packed.
    const own = ofInfo.get(dataId);
    if (own !== undefined) forget(own);
    return true;
  };
  const dispose = backend.dispose.bind(backend);
  backend.dispose = () => {
    for (const packed of all) if (packed.backend === backend) all.delete(packed);
    dispose();
  };
}

const bytesOf = ({ shape }: tf.TensorInfo): number => 4 * tf.util.sizeFromShape(shape);
