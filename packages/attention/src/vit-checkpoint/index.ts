import { checkOptions, checkSizes, NeverendError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from '../checks.ts';
import {
  headEntry,
  type VitEntry,
  type VitLayout,
  type VitSizes,
  vitEntries,
  vitSizes,
} from './layouts.ts';

/** An array of a checkpoint, as the readers of `@neverend/checkpoint` give it. */
export interface CheckpointArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/**
 * The parameters of a vision transformer from the arrays of a checkpoint: those of `encoder`, and `embedding/kernel`
 * `[patch, patch, channels, D]`, `embedding/bias` `[D]`, `cls` `[1, 1, D]`, `pos_embedding` `[1, tokens, D]`, and, with
 * `classes`, `head/kernel` `[D, classes]` and `head/bias`. timm and transformers were trained with GELU by erf (`gelu: 'erf'`) and,
 * transformers, an epsilon of 1e-12 in the norms (`eps: 1e-12`).
 *
 * @param arrays by their names in the checkpoint. Without `classes`, entries of a head are left out; any other that is not known
 * is refused.
 * @returns float32 tensors, the caller's to dispose.
 * @throws NeverendError of the code NEVEREND_VIT_CHECKPOINT that names every missing, unknown or misshapen entry.
 * @throws ShapeError for a size that is no positive integer, or when `heads` does not divide `width`. @throws RangeError for
 * another `layout`. @throws TypeError for an unknown size.
 */
export function vitParams(
  arrays: Readonly<Record<string, CheckpointArray>>,
  layout: VitLayout,
  sizes: VitSizes,
): Record<string, tf.Tensor> {
  checkOptions('vitParams', sizes, vitSizes);
  headWidth(sizes.width, sizes.heads);
  const { depth, mlpWidth, patch, tokens, channels = 3, classes = 1 } = sizes;
  checkSizes({ depth, mlpWidth, patch, tokens, channels, classes });
  const entries = vitEntries(layout, sizes);
  const named =
    layout === 'transformers' ? withoutPrefix(arrays, 'vit.') : new Map(Object.entries(arrays));
  const isRead = (name: string) => sizes.classes !== undefined || !headEntry.test(name);
  const faults = faultsOf(new Map([...named].filter(([name]) => isRead(name))), entries);
  if (faults.length > 0) {
    throw new NeverendError(
      'NEVEREND_VIT_CHECKPOINT',
      `arrays is no ${layout} checkpoint of these sizes: ${faults.join('; ')}`,
    );
  }
  const params: Record<string, tf.Tensor> = {};
  for (const entry of entries) {
    const { data } = named.get(entry.name) as CheckpointArray;
    Object.assign(params, paramsOf(Float32Array.from(data as ArrayLike<number>, Number), entry));
  }
  return params;
}

function faultsOf(
  arrays: ReadonlyMap<string, CheckpointArray>,
  entries: readonly VitEntry[],
): string[] {
  const known = new Set(entries.map(({ name }) => name));
  const faults = entries.flatMap(({ name, shape }) => {
    const array = arrays.get(name);
    if (array === undefined) return [`${name} is missing`];
    if (String(array.shape) !== String(shape)) {
      return [`${name} is [${array.shape.join(', ')}] and must be [${shape.join(', ')}]`];
    }
    const size = shape.reduce((product, length) => product * length, 1);
    return array.data.length === size
      ? []
      : [`${name} has ${array.data.length} numbers and must have ${size}`];
  });
  const unknown = [...arrays.keys()].filter((name) => !known.has(name));
  return [...faults, ...unknown.map((name) => `${name} is unknown`)];
}

/** The parameters that an entry's numbers become. */
function paramsOf(
  data: Float32Array,
  { shape, params, permutation, paramShape = shape }: VitEntry,
): Record<string, tf.Tensor> {
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

function withoutPrefix(
  arrays: Readonly<Record<string, CheckpointArray>>,
  prefix: string,
): Map<string, CheckpointArray> {
  return new Map(
    Object.entries(arrays).map(([name, array]) => [
      name.startsWith(prefix) ? name.slice(prefix.length) : name,
      array,
    ]),
  );
}
