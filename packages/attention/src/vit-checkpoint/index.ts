import { checkOneOf, checkOptions, checkSizes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from '../checks.ts';
import { arraysBelow, type FoundVit, foundVit, refusal } from './arrays.ts';
import { type CheckpointArray, type CheckpointArrays, toFloat32 } from './checkpoint-array.ts';
import { type ReadOptions, vitEntries } from './entries.ts';
import { isIgnored } from './head.ts';
import { type KnownSizes, knownSizes } from './known-sizes.ts';
import { type VitLayout, type VitSizes, vitSizes } from './sizes.ts';
import type { VitEntry } from './style.ts';

/**
 * The parameters of a vision transformer from the arrays of a checkpoint, by the names that `vit` and `encoder` read:
 * `embedding/kernel` `[patch, patch, channels, D]`, `embedding/bias` `[D]`, `pos_embedding` `[1, tokens, D]`, what lies below
 * `encoderblock_0/` and so on, and what the checkpoint has of `cls` and `dist` `[1, 1, D]`, `registers` `[1, R, D]`, `pre_norm/…`,
 * `encoder_norm/…`, `fc_norm/…` and `MAPHead_0/…`. With `classes` also `pre_logits/…`, `head/kernel` `[D, classes]`, `head/bias` and
 * `head_dist/…`. Biases of queries, keys and values that no block has are zeros, and so are those of all other layers of blocks where
 * timm's have none. `loadVit` gives a configuration with them, and refuses what `config.json` says is missing.
 *
 * @param arrays by their names in the checkpoint. Without `classes`, entries of a head are left out, and so are text towers and
 * decoders; any other that is not known is refused.
 * @param sizes what the checkpoint must have. Only `heads` is needed, and not with `flax`.
 * @returns float32 tensors, the caller's to dispose.
 * @throws NeverendError of the code NEVEREND_VIT_CHECKPOINT that names missing, unknown and misshapen entries, ten of them at most.
 * @throws ShapeError for a size that is no positive integer, or when `heads` does not divide `width`. @throws RangeError for
 * another `layout`. @throws TypeError for an unknown size.
 */
export function vitParams(
  arrays: Readonly<Record<string, CheckpointArray>>,
  layout: VitLayout,
  sizes: VitSizes = {},
): Record<string, tf.Tensor> {
  checkOptions('vitParams', sizes, vitSizes);
  checkOneOf('layout', layout, ['flax', 'timm', 'transformers']);
  const given = Object.entries(sizes).filter(([, size]) => size !== undefined);
  checkSizes(Object.fromEntries(given));
  if (sizes.width !== undefined && sizes.heads !== undefined) headWidth(sizes.width, sizes.heads);
  const found = foundVit(arraysBelow(arrays, ''), layout);
  return readVit(found, knownSizes(found, sizes), { classes: sizes.classes, isSquare: true });
}

/** The parameters of these sizes. */
export function readVit(
  found: FoundVit,
  sizes: KnownSizes,
  options: ReadOptions,
): Record<string, tf.Tensor> {
  const { arrays, names } = found;
  headWidth(sizes.width, sizes.heads);
  const entries = vitEntries(arrays, names, sizes, options);
  const read = new Map(
    [...arrays].filter(([name]) => !isIgnored(name, arrays, names, options.classes)),
  );
  const faults = faultsOf(read, entries, found);
  if (faults.length > 0) {
    const [shown, more] = [faults.slice(0, mostFaults), faults.length - mostFaults];
    const rest = more > 0 ? `; and ${more} more` : '';
    throw refusal(names.layout, ` of these sizes: ${shown.join('; ')}${rest}`);
  }
  const params: Record<string, tf.Tensor> = {};
  for (const entry of entries) Object.assign(params, paramsOf(arrays, entry));
  return params;
}

/** A checkpoint of something else has hundreds. */
const mostFaults = 10;

function faultsOf(
  arrays: CheckpointArrays,
  entries: readonly VitEntry[],
  { inFile, stacked }: Pick<FoundVit, 'inFile' | 'stacked'>,
): readonly string[] {
  const known = new Set(entries.map(({ name }) => name));
  const faults = entries.flatMap(({ name, shape }) => {
    if (name === undefined) return [];
    const array = arrays.get(name);
    const called = inFile(name);
    if (array === undefined) return [`${called} is missing`];
    const isOfStack = stacked !== undefined && name.includes('/encoderblock_');
    const written = (axes: readonly number[]) =>
      `[${[...(isOfStack ? [stacked] : []), ...axes].join(', ')}]`;
    if (String(array.shape) !== String(shape)) {
      return [`${called} is ${written(array.shape)} and must be ${written(shape)}`];
    }
    const size = shape.reduce((product, length) => product * length, 1);
    return array.data.length === size
      ? []
      : [`${called} has ${array.data.length} numbers and must have ${size}`];
  });
  const unknown = [...arrays.keys()].filter((name) => !known.has(name));
  // What is wrong with a stack is so with each of its blocks.
  return [...new Set([...faults, ...unknown.map((name) => `${inFile(name)} is unknown`)])];
}

/** The parameters that an entry's numbers become. */
function paramsOf(
  arrays: CheckpointArrays,
  { name, shape, params, permutation, paramShape = shape }: VitEntry,
): Record<string, tf.Tensor> {
  if (name === undefined) {
    return Object.fromEntries(params.map((param) => [param, tf.zeros([...paramShape])]));
  }
  const data = toFloat32(arrays.get(name) as CheckpointArray);
  const size = data.length / params.length;
  const [first = 1, ...rest] = shape;
  return Object.fromEntries(
    params.map((param, part) => {
      const numbers = data.subarray(part * size, (part + 1) * size);
      const tensor = tf.tidy(() => {
        const cut = tf.tensor(numbers.slice(), [first / params.length, ...rest], 'float32');
        const turned = permutation === undefined ? cut : tf.transpose(cut, [...permutation]);
        return tf.reshape(turned, [...paramShape]);
      });
      return [param, tensor];
    }),
  );
}
