import { described, NeverendError, ShapeError } from '@neverend/backend';
import {
  type CheckpointArray,
  type CheckpointArrays,
  checkArrays,
  toFloat32,
} from './checkpoint-array.ts';
import type { KnownSizes } from './entries.ts';
import { classesOf } from './head.ts';
import { knownPrefixes, type VitNames, vitNames } from './names.ts';
import type { VitLayout, VitSizes } from './sizes.ts';
import { styleOf } from './style.ts';

/** A vision transformer's arrays and what they are called. */
export interface FoundVit {
  readonly arrays: CheckpointArrays;
  readonly names: VitNames;
  /** What the file calls, or would call, an array. */
  readonly inFile: (name: string) => string;
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
    known.find((prefix) => found.includes(prefix)) ?? found.find((prefix) => /[./]$/.test(prefix))
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
  const isHead = (name: string) =>
    layout === 'transformers' &&
    [...(names.head ?? []), names.headDist].some((head) => name.startsWith(`${head}.`));
  return {
    arrays,
    names,
    inFile: (name) => inFile.get(name) ?? prefix + (isHead(name) ? '' : (found ?? '')) + name,
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

/** The sizes that were given, and those that the arrays have. @throws NeverendError naming an array that is missing for one. */
export function knownSizes(found: FoundVit, sizes: VitSizes): KnownSizes {
  const { arrays, names, inFile } = found;
  const style = styleOf(names);
  const separator = names.layout === 'flax' ? '/' : '.';
  const [before = '', after = ''] = `${names.block}${separator}`.split('#');
  const first = (name: string) => `${before}0${after}${name}`;
  const read = (size: number | undefined, name: string, axis: number): number => {
    if (size !== undefined) return size;
    const shape = arrays.get(name)?.shape;
    if (shape === undefined) throw refusal(names.layout, `: ${inFile(name)} is missing`);
    const length = shape.at(axis);
    if (length === undefined)
      throw refusal(names.layout, `: ${inFile(name)} is [${shape.join(', ')}]`);
    return length;
  };
  /** What most arrays say, so that one that is misshapen is the only one that is blamed. */
  const voted = (candidates: readonly (readonly [name: string, axis: number])[]) => {
    const votes = new Map<number, number>();
    for (const [name, axis] of candidates) {
      const length = arrays.get(name)?.shape.at(axis);
      if (length !== undefined) votes.set(length, (votes.get(length) ?? 0) + 1);
    }
    return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0];
  };
  const kernel = style.kernel(names.embedding);
  const blocks = [...arrays.keys()].flatMap((name) => {
    const index = name.startsWith(before) ? Number.parseInt(name.slice(before.length), 10) : -1;
    return index >= 0 && name.startsWith(`${before}${index}${after}`) ? [index] : [];
  });
  const depth = blocks.reduce((most, index) => Math.max(most, index + 1), 0);
  const inBlocks = (name: string) =>
    Array.from({ length: depth }, (_, index) => `${before}${index}${after}${name}`);
  const ofBlocks = inBlocks(names.norms[0]).map((name) => [style.scale(name), 0] as const);
  const width = read(
    sizes.width ??
      voted([[kernel, style.outputsAxis], [style.bias(names.embedding), 0], ...ofBlocks]),
    kernel,
    style.outputsAxis,
  );
  const inputsAxis = -1 - style.outputsAxis;
  const mlpWidth = voted(
    inBlocks(names.dense[0])
      .flatMap((name) => [
        [style.kernel(name), style.outputsAxis] as const,
        [style.bias(name), 0] as const,
      ])
      .concat(inBlocks(names.dense[1]).map((name) => [style.kernel(name), inputsAxis] as const)),
  );
  const positions = names.positions.find((name) => arrays.has(name)) ?? names.positions[0] ?? '';
  const hasNone = names.hasSincos === true && !arrays.has(positions);
  const placed = hasNone ? undefined : arrays.get(positions)?.shape;
  if (placed && (placed.length !== (names.isFlat ? 2 : 3) || placed.includes(0))) {
    const wanted = [...(names.isFlat ? [] : [1]), 'tokens', width].join(', ');
    throw refusal(
      names.layout,
      `: ${inFile(positions)} is [${placed.join(', ')}] and must be [${wanted}]`,
    );
  }
  return {
    width,
    depth: sizes.depth ?? depth,
    heads: sizes.heads ?? headsOf(found, width, first),
    mlpWidth: read(
      sizes.mlpWidth ?? mlpWidth,
      style.kernel(first(names.dense[0])),
      style.outputsAxis,
    ),
    patch: read(sizes.patch, kernel, style.patchAxis),
    channels: sizes.channels ?? arrays.get(kernel)?.shape.at(style.channelsAxis) ?? 3,
    tokens: hasNone ? (sizes.tokens ?? 1) : read(sizes.tokens, positions, -2),
  };
}

/** flax' kernels have an axis for heads; elsewhere norms of queries have a head's width. */
function headsOf(
  { arrays, names }: FoundVit,
  width: number,
  first: (name: string) => string,
): number {
  const query = arrays.get(styleOf(names).kernel(first(names.projections[0]?.[0] ?? '')));
  if (names.layout === 'flax' && query?.shape.length === 3) return query.shape[1] ?? 1;
  const norm = names.qkNorms && arrays.get(styleOf(names).scale(first(names.qkNorms[0])));
  if (norm?.shape[0]) return width / norm.shape[0];
  throw new ShapeError(`heads was not given; checkpoints of ${names.layout} do not say how many`);
}

/** How many classes a checkpoint has; 0 where it has no head. */
export const classesIn = ({ arrays, names }: FoundVit): number => classesOf(arrays, names) ?? 0;

/** Parts that some models of a package have. */
export type VitPart = 'head' | 'headDist' | 'dist' | 'registers' | 'pool' | 'layerScales';

/** @throws NeverendError naming the first of these parts that is missing. */
export function checkParts({ arrays, names, inFile }: FoundVit, parts: readonly VitPart[]): void {
  const { kernel } = styleOf(names);
  const layers = (list: readonly (string | undefined)[] = []) =>
    list.flatMap((layer) => (layer === undefined ? [] : [kernel(layer)]));
  const namesOf: Readonly<Record<VitPart, readonly string[]>> = {
    head: layers(names.head),
    headDist: layers([names.headDist]),
    dist: names.tokens.dist ?? [],
    registers: names.tokens.registers ?? [],
    pool: names.pool === undefined ? [] : [names.pool.probe],
    layerScales: (names.layerScales ?? []).map(
      ([first]) => `${names.block.replace('#', '0')}.${first}`,
    ),
  };
  for (const part of parts) {
    const [first = part] = namesOf[part];
    if (!namesOf[part].some((name) => arrays.has(name)))
      throw refusal(names.layout, `: ${inFile(first)} is missing, which config says that it has`);
  }
}

/** What else a config.json may say of arrays. */
export function othersIn({ arrays, names }: FoundVit): {
  readonly registers: number;
  readonly qkvBias: boolean;
} {
  const registers = names.tokens.registers?.find((name) => arrays.has(name)) ?? '';
  const query = `${names.block.replace('#', '0')}.${names.projections[0]?.[0]}`;
  return {
    registers: arrays.get(registers)?.shape.at(-2) ?? 0,
    qkvBias: arrays.has(styleOf(names).bias(query)),
  };
}
