import { ShapeError } from '@neverend/backend';
import { type FoundVit, refusal } from './arrays.ts';
import type { VitSizes } from './sizes.ts';
import { styleOf } from './style.ts';

/** Sizes that are all known. */
export type KnownSizes = { readonly [Size in Exclude<keyof VitSizes, 'classes'>]-?: number };

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
  const voted = (
    candidates: readonly (readonly [name: string, axis: number, axes: number])[],
  ): number | undefined => {
    const votes = new Map<number, number>();
    for (const [name, axis, axes] of candidates) {
      const { shape = [] } = arrays.get(name) ?? {};
      const length = shape.at(axis);
      if (shape.length === axes && length !== undefined)
        votes.set(length, (votes.get(length) ?? 0) + 1);
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
  if (depth === 0 && sizes.depth === undefined && arrays.has(kernel))
    throw refusal(
      names.layout,
      `: it has no block, such as ${inFile(style.scale(first(names.norms[0])))}`,
    );
  const ofBlocks = inBlocks(names.norms[0]).map((name) => [style.scale(name), 0, 1] as const);
  const width = read(
    sizes.width ??
      voted([[kernel, style.outputsAxis, 4], [style.bias(names.embedding), 0, 1], ...ofBlocks]),
    kernel,
    style.outputsAxis,
  );
  const { shape = [] } = arrays.get(kernel) ?? {};
  const [patch, other] = [0, 1].map((axis) => shape[style.patchAxis + axis]);
  const isPatch = shape.length === 4 && patch === other && (patch ?? 0) > 0;
  if (sizes.patch === undefined && shape.length > 0 && !isPatch) {
    const wanted = style.embeddingAxes(width).join(', ');
    throw refusal(
      names.layout,
      `: ${inFile(kernel)} is [${shape.join(', ')}] and must be [${wanted}]`,
    );
  }
  const inputsAxis = -1 - style.outputsAxis;
  const mlpWidth = voted(
    inBlocks(names.dense[0])
      .flatMap((name) => [
        [style.kernel(name), style.outputsAxis, 2] as const,
        [style.bias(name), 0, 1] as const,
      ])
      .concat(inBlocks(names.dense[1]).map((name) => [style.kernel(name), inputsAxis, 2] as const)),
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
    heads: sizes.heads ?? headsOf(),
    mlpWidth: read(
      sizes.mlpWidth ?? mlpWidth,
      style.kernel(first(names.dense[0])),
      style.outputsAxis,
    ),
    patch: read(sizes.patch, kernel, style.patchAxis),
    channels: sizes.channels ?? arrays.get(kernel)?.shape.at(style.channelsAxis) ?? 3,
    tokens: hasNone ? (sizes.tokens ?? 1) : read(sizes.tokens, positions, -2),
  };

  /** flax' kernels have an axis for heads; elsewhere norms of queries have a head's width. */
  function headsOf(): number {
    const layers = names.projections.flatMap(([name]) => inBlocks(name)).map(style.kernel);
    if (names.layout === 'flax') {
      const heads = voted(layers.map((name) => [name, 1, 3] as const));
      const [query = ''] = layers;
      return heads ?? read(undefined, query, 1);
    }
    const norm =
      names.qkNorms &&
      voted(names.qkNorms.flatMap(inBlocks).map((name) => [style.scale(name), 0, 1] as const));
    if (norm) return width / norm;
    throw new ShapeError(`heads was not given; checkpoints of ${names.layout} do not say how many`);
  }
}
