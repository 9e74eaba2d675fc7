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

/** Whether something of a layer is there, so that the rest must be too. */
export function hasLayer(
  arrays: CheckpointArrays,
  names: VitNames,
  layer: string | undefined,
): boolean {
  const { kernel, scale, bias } = styleOf(names);
  return layer !== undefined && [kernel, scale, bias].some((of) => arrays.has(of(layer)));
}

/** The name of the head's linear layer, if there is one. */
const headOf = (arrays: CheckpointArrays, names: VitNames): string | undefined =>
  names.head?.find((name) => hasLayer(arrays, names, name));

/** The name that the head has, or would have: transformers' DeiT calls it otherwise beside one of distillation. */
export const headNameOf = (
  arrays: CheckpointArrays,
  names: VitNames,
  isBeside: boolean = hasLayer(arrays, names, names.headDist),
): string | undefined => headOf(arrays, names) ?? names.head?.at(isBeside ? -1 : 0);

/** Whether the head takes the average of patches without a norm. */
export const hasAverageHead = (arrays: CheckpointArrays, names: VitNames): boolean =>
  names.averageHead !== undefined && headOf(arrays, names) === names.averageHead;

/** How many classes the head has; 0 where there is none. */
export function classesOf(arrays: CheckpointArrays, names: VitNames): number {
  const head = headOf(arrays, names);
  if (head === undefined) return 0;
  const { bias, kernel } = styleOf(names);
  const { shape } = arrays.get(kernel(head)) ?? {};
  const outputs = shape?.length === 2 ? outputsOf(arrays, names, head) : undefined;
  return outputs ?? arrays.get(bias(head))?.shape[0] ?? 0;
}

/** The layer before the head. transformers' pooler is of models that have no head. */
export function preLogitsOf(arrays: CheckpointArrays, names: VitNames): string | undefined {
  const { preLogits, layout } = names;
  if (!hasLayer(arrays, names, preLogits)) return undefined;
  return layout === 'transformers' && headOf(arrays, names) !== undefined ? undefined : preLogits;
}

/** Whether the features are pooled by attention. transformers' classes of Siglip take the average in its place. */
export function hasPool(arrays: CheckpointArrays, names: VitNames): boolean {
  const { pool, layout } = names;
  if (pool === undefined || (layout === 'transformers' && headOf(arrays, names))) return false;
  const layers = [pool.out, pool.norm, ...pool.dense, ...pool.projections.map(([name]) => name)];
  return arrays.has(pool.probe) || layers.some((layer) => hasLayer(arrays, names, layer));
}

/** Whether an entry may be left out: what is no part of the vision transformer, or not asked for. */
export function isIgnored(
  name: string,
  arrays: CheckpointArrays,
  names: VitNames,
  classes: number | undefined,
): boolean {
  if (names.ignored.test(name)) return true;
  if (names.layout === 'transformers' && headOf(arrays, names) && /^pooler\./.test(name))
    return true;
  const isBelow = (layer: string | undefined) =>
    layer !== undefined && (name.startsWith(`${layer}/`) || name.startsWith(`${layer}.`));
  if (classes && hasAverageHead(arrays, names) && isBelow(names.fcNorm)) return true;
  const isOfPool = names.pool !== undefined && /^head\./.test(names.pool.probe) && isBelow('head');
  if (isOfPool) return !hasPool(arrays, names) && headOf(arrays, names) !== undefined;
  if (classes !== undefined) return false;
  const preLogits = names.preLogits?.split('.')[0];
  return [...(names.head ?? []), names.headDist, preLogits].some(isBelow);
}
