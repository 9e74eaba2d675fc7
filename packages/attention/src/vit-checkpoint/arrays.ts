import { described, NeverendError } from '@neverend/backend';
import {
  type CheckpointArray,
  type CheckpointArrays,
  checkArrays,
  toFloat32,
} from './checkpoint-array.ts';
import { knownPrefixes, type VitNames, vitNames } from './names.ts';
import type { VitLayout } from './sizes.ts';
import { styleOf } from './style.ts';

/** A vision transformer's arrays and what they are called. */
export interface FoundVit {
  readonly arrays: CheckpointArrays;
  readonly names: VitNames;
  /** What the file calls, or would call, an array. */
  readonly inFile: (name: string) => string;
  /** How many blocks the file has in one array, where it does. */
  readonly stacked?: number | undefined;
}

/** What the file is not, and why. */
export function refusal(layout: VitLayout | undefined, why: string): NeverendError {
  const what = layout === undefined ? 'checkpoint of a vision transformer' : `${layout} checkpoint`;
  return new NeverendError('NEVEREND_VIT_CHECKPOINT', `arrays is no ${what}${why}`);
}

const embeddings = (layout: VitLayout) => [
  ...new Set(
    vitNames
      .filter((names) => names.layout === layout)
      .map((names) => styleOf(names).kernel(names.embedding)),
  ),
];

/** What stands before the name of the kernel of patches, by which a layout is known. */
function prefixOf(given: readonly string[], layout: VitLayout): string | undefined {
  const found = embeddings(layout).flatMap((kernel) =>
    given.filter((name) => name.endsWith(kernel)).map((name) => name.slice(0, -kernel.length)),
  );
  const known = knownPrefixes[layout];
  return (
    known.find((prefix) => found.includes(prefix)) ??
    found.find((prefix) => /[./]$/.test(prefix)) ??
    found.find((prefix) => given.every((name) => name.startsWith(prefix)))
  );
}

const layouts = Object.keys(knownPrefixes) as VitLayout[];

/** Arrays as they were given, by the file's names. */
export type GivenArrays = Readonly<Record<string, CheckpointArray>>;

/**
 * The arrays whose names begin with `prefix`, without it.
 *
 * @throws TypeError unless it is a string. @throws NeverendError where no name begins with it.
 */
export function arraysBelow(given: GivenArrays, prefix: string): GivenArrays {
  if (typeof prefix !== 'string') {
    throw new TypeError(
      `prefix was ${described(prefix)}; it must be what stands before names, such as "module."`,
    );
  }
  checkArrays(given);
  const below = Object.entries(given).filter(([name]) => name.startsWith(prefix));
  if (below.length === 0 && prefix !== '') {
    const [first = 'none'] = Object.keys(given);
    throw new NeverendError(
      'NEVEREND_VIT_CHECKPOINT',
      `prefix was ${JSON.stringify(prefix)}; no name of arrays begins with it: the first one is ${first}`,
    );
  }
  return Object.fromEntries(below.map(([name, array]) => [name.slice(prefix.length), array]));
}

/** The layout of these names. @throws NeverendError where it is none. */
export function layoutOf(given: GivenArrays, prefix = ''): VitLayout {
  const names = Object.keys(given);
  const layout = layouts.find((one) => prefixOf(names, one) !== undefined);
  if (layout === undefined) {
    const kernels = layouts.flatMap(embeddings).map((kernel) => prefix + kernel);
    throw refusal(undefined, `: it has none of ${kernels.join(', ')}`);
  }
  return layout;
}

/**
 * The arrays by a layout's names, and which of its packages' they are.
 *
 * @param given as `arraysBelow` gives them. @param prefix what stood before their names.
 * @throws NeverendError where something unknown stands there too, or the names are those of another layout.
 */
export function foundVit(given: GivenArrays, layout: VitLayout, prefix = ''): FoundVit {
  const all = Object.keys(given);
  const found = prefixOf(all, layout);
  if (found === undefined) {
    const other = layouts.find((one) => prefixOf(all, one) !== undefined);
    if (other !== undefined) throw refusal(layout, `: its names are those of ${other}`);
  } else if (!knownPrefixes[layout].includes(found)) {
    const inner = knownPrefixes[layout].filter((one) => found.endsWith(one));
    const longest = inner.reduce((long, one) => (one.length > long.length ? one : long), '');
    const before = found.slice(0, found.length - longest.length);
    const whose = all.every((name) => name.startsWith(before)) ? 'all names' : 'its names';
    throw refusal(layout, `: ${whose} begin with \`${prefix}${before}\``);
  }
  const bare = Object.entries(given).map(([name, array]): Named => {
    const own = found && name.startsWith(found) ? name.slice(found.length) : name;
    return [own, array, prefix + name];
  });
  const read = layout === 'flax' ? asInBigVision(bare) : layout === 'timm' ? asInTimm(bare) : bare;
  const arrays = new Map(read.map(([name, array]) => [name, array]));
  const candidates = vitNames.filter((names) => names.layout === layout);
  const known = (names: VitNames) => topNames(names).filter((name) => arrays.has(name)).length;
  const names = candidates.reduce((best, one) => (known(one) > known(best) ? one : best));
  checkAlike(read, topNames(names), names);
  const inFile = new Map(read.map(([name, , original]) => [name, original]));
  const stacks = layout === 'flax' ? bare.filter(([name]) => isStacked(name)) : [];
  const [[, inStack, one] = []] = stacks;
  for (const [, { shape }, other] of stacks) {
    if (shape[0] !== inStack?.shape[0])
      throw refusal(
        layout,
        `: ${one} is of ${inStack?.shape[0]} blocks and ${other} of ${shape[0]}`,
      );
  }
  const called = (name: string) =>
    inStack === undefined ? name : name.replace(/(?<=\/encoderblock)_\d+(?=\/)/, '');
  const isHead = (name: string) =>
    layout === 'transformers' &&
    [...(names.head ?? []), names.headDist].some((head) => name.startsWith(`${head}.`));
  return {
    arrays,
    names,
    inFile: (name) =>
      inFile.get(name) ?? prefix + (isHead(name) ? '' : (found ?? '')) + called(name),
    stacked: inStack?.shape[0],
  };
}

/** Names that tell packages apart. */
function topNames(names: VitNames): string[] {
  const { kernel, scale } = styleOf(names);
  const below = (name: string) =>
    `${names.block.replace('#', '0')}${names.layout === 'flax' ? '/' : '.'}${name}`;
  return [
    kernel(names.embedding),
    ...Object.values(names.tokens).flat(),
    ...names.positions,
    ...[names.preNorm, names.norm, names.fcNorm].flatMap((name) => (name ? [scale(name)] : [])),
    ...names.norms.map((name) => scale(below(name))),
    ...names.projections.map(([name]) => kernel(below(name))),
    ...[names.out, ...names.dense].map((name) => kernel(below(name))),
    ...(names.layerScales ?? []).flat().map(below),
  ];
}

/** @throws NeverendError where some names begin with what others do not. */
function checkAlike(
  read: readonly Named[],
  tops: readonly string[],
  { layout, ignored }: VitNames,
): void {
  const patterns = tops
    .filter((top) => /[./].*[./]/.test(top))
    .map((top) => top.replaceAll('.', '\\.').replace(/(?<=[._])0/, '\\d+'))
    .map((top) => new RegExp(`^(.*[./])${top}$`));
  for (const [name, , inFile] of read) {
    const before = patterns.map((pattern) => pattern.exec(name)?.[1]).find((found) => found);
    if (before === undefined || ignored.test(name)) continue;
    const whole = inFile.slice(0, inFile.length - (name.length - before.length));
    throw refusal(
      layout,
      `: some names begin with \`${whole}\`, such as ${inFile}, and some do not`,
    );
  }
}

/** What Meta's own code of DINOv2 calls blocks in chunks, and SwiGLU. */
const asInTimm = (arrays: readonly Named[]): readonly Named[] =>
  arrays.map(([name, array, inFile]) => [
    name
      .replace(/^blocks\.\d+\.(?=\d+\.)/, 'blocks.')
      .replace(/^(blocks\.\d+\.mlp)\.w12\./, '$1.fc1.')
      .replace(/^(blocks\.\d+\.mlp)\.w3\./, '$1.fc2.'),
    array,
    inFile,
  ]);

type Named = readonly [name: string, array: CheckpointArray, inFile: string];

const stack = 'Transformer/encoderblock/';
const isStacked = (name: string) => /^(Transformer|Encoder_0)\/encoderblock\//.test(name);
const pooling = /^(probe$|(MlpBlock|MultiHeadDotProductAttention|LayerNorm)_0\/)/;

/**
 * What modules have been called there since, and what `scan` has in one array for all blocks, `[depth, ...]`, cut into those of each
 * block.
 */
function asInBigVision(arrays: readonly Named[]): readonly Named[] {
  return arrays.flatMap(([given, array, inFile]): Named[] => {
    const name = given
      .replace(/^Encoder_0\//, 'Transformer/')
      .replace(pooling, (start) => `MAPHead_0/${start}`);
    if (!name.startsWith(stack)) return [[name, array, inFile]];
    const [depth = 0, ...shape] = array.shape;
    const size = shape.reduce((product, length) => product * length, 1);
    const numbers = toFloat32(array);
    return Array.from({ length: depth }, (_, index) => [
      `Transformer/encoderblock_${index}/${name.slice(stack.length)}`,
      { shape, data: numbers.subarray(index * size, (index + 1) * size) },
      inFile,
    ]);
  });
}
