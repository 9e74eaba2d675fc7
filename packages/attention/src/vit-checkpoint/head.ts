import type { CheckpointArrays } from './checkpoint-array.ts';
import type { VitNames } from './names.ts';
import { styleOf } from './style.ts';

/** The width of what a linear layer gives; undefined where there is none. */
export function outputsOf(
  arrays: CheckpointArrays,
  names: VitNames,
  layer: string,
): number | undefined {
  const style = styleOf(names);
  return arrays.get(style.kernel(layer))?.shape.at(style.outputsAxis);
}

/** The width of what a linear layer takes. */
export function inputsOf(
  arrays: CheckpointArrays,
  names: VitNames,
  layer: string,
): number | undefined {
  const style = styleOf(names);
  return arrays.get(style.kernel(layer))?.shape.at(-1 - style.outputsAxis);
}

/** The name of the head's linear layer, if there is one. */
export const headOf = (arrays: CheckpointArrays, names: VitNames): string | undefined =>
  names.head?.find((name) => arrays.has(styleOf(names).kernel(name)));

/** How many classes the head has, if there is one. */
export function classesOf(arrays: CheckpointArrays, names: VitNames): number | undefined {
  const head = headOf(arrays, names);
  return head === undefined ? undefined : outputsOf(arrays, names, head);
}

/** The layer before the head. transformers' pooler is of models that have no head. */
export function preLogitsOf(arrays: CheckpointArrays, names: VitNames): string | undefined {
  const { preLogits, layout } = names;
  if (preLogits === undefined || !arrays.has(styleOf(names).kernel(preLogits))) return undefined;
  return layout === 'transformers' && headOf(arrays, names) !== undefined ? undefined : preLogits;
}

/** Whether the features are pooled by attention. transformers' classes of Siglip take the average in its place. */
export function hasPool(arrays: CheckpointArrays, names: VitNames): boolean {
  const { pool, layout } = names;
  if (pool === undefined || (layout === 'transformers' && headOf(arrays, names))) return false;
  return arrays.has(pool.probe);
}

/** Whether an entry may be left out: what is no part of the vision transformer, or not asked for. */
export function isIgnored(
  name: string,
  arrays: CheckpointArrays,
  names: VitNames,
  classes: number | undefined,
): boolean {
  if (names.ignored.test(name)) return true;
  const isBelow = (layer: string | undefined) =>
    layer !== undefined && (name.startsWith(`${layer}/`) || name.startsWith(`${layer}.`));
  const isOfPool = names.pool !== undefined && /^head\./.test(names.pool.probe) && isBelow('head');
  if (isOfPool) return !hasPool(arrays, names) && headOf(arrays, names) !== undefined;
  if (classes !== undefined) return false;
  const preLogits = names.preLogits?.split('.')[0];
  return [...(names.head ?? []), names.headDist, preLogits].some(isBelow);
}
