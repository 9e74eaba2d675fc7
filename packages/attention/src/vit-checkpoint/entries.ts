import type { CheckpointArray, CheckpointArrays } from './arrays.ts';
import type { LayerNames, VitNames } from './names.ts';
import type { VitSizes } from './sizes.ts';

/** Part of an entry of a checkpoint that becomes a parameter. */
export interface VitEntry {
  /** The entry's name in the checkpoint. Parameters of zeros without one. */
  readonly name?: string;
  /** The shape that it must have there. */
  readonly shape: readonly number[];
  /** The parameters that it becomes, in the order in which its first axis is cut into them. */
  readonly params: readonly string[];
  /** Order of the axes, after the cut. None where it is left out. */
  readonly permutation?: readonly number[];
  /** The shape of the parameter; that of the entry where it is left out. */
  readonly paramShape?: readonly number[];
}

/** A linear layer, or several whose rows lie one below the other. */
interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  readonly params: readonly string[];
  /** The shapes of a parameter, where it is more than a matrix and a vector. */
  readonly kernel?: readonly number[];
  readonly bias?: readonly number[];
}

/** How a layout writes layers. */
interface Style {
  /** Names of the parts of a layer. */
  readonly kernel: (layer: string) => string;
  readonly bias: (layer: string) => string;
  readonly scale: (norm: string) => string;
  /** A kernel's entry: PyTorch has `[outputs, inputs]`. */
  readonly kernelEntry: (name: string, dense: Dense) => VitEntry;
  readonly embeddingEntry: (
    name: string,
    patch: number,
    channels: number,
    width: number,
  ) => VitEntry;
  /** Which axes of these kernels are outputs, and sides of patches and channels. */
  readonly outputsAxis: number;
  readonly patchAxis: number;
  readonly channelsAxis: number;
}

const shapeOfKernel = ({ inputs, outputs, kernel }: Dense) => kernel ?? [inputs, outputs];

const flaxStyle: Style = {
  kernel: (layer) => `${layer}/kernel`,
  bias: (layer) => `${layer}/bias`,
  scale: (norm) => `${norm}/scale`,
  kernelEntry: (name, dense) => ({
    name,
    shape: shapeOfKernel(dense),
    params: dense.params.map((param) => `${param}/kernel`),
  }),
  embeddingEntry: (name, patch, channels, width) => ({
    name,
    shape: [patch, patch, channels, width],
    params: ['embedding/kernel'],
  }),
  outputsAxis: -1,
  patchAxis: 0,
  channelsAxis: 2,
};

/** `in_proj_` is `in_proj_weight`. */
const part = (layer: string, name: string) => `${layer}${layer.endsWith('_') ? '' : '.'}${name}`;

const torchStyle: Style = {
  kernel: (layer) => part(layer, 'weight'),
  bias: (layer) => part(layer, 'bias'),
  scale: (norm) => part(norm, 'weight'),
  kernelEntry: (name, dense) => ({
    name,
    shape: [dense.outputs * dense.params.length, dense.inputs],
    params: dense.params.map((param) => `${param}/kernel`),
    permutation: [1, 0],
    paramShape: shapeOfKernel(dense),
  }),
  embeddingEntry: (name, patch, channels, width) => ({
    name,
    shape: [width, channels, patch, patch],
    params: ['embedding/kernel'],
    permutation: [2, 3, 1, 0],
    paramShape: [patch, patch, channels, width],
  }),
  outputsAxis: 0,
  patchAxis: 2,
  channelsAxis: 1,
};

export const styleOf = ({ layout }: VitNames): Style =>
  layout === 'flax' ? flaxStyle : torchStyle;

/** Sizes that are all known. */
export type KnownSizes = { readonly [Size in Exclude<keyof VitSizes, 'classes'>]-?: number };

const attention = 'MultiHeadDotProductAttention_0';

/** Every entry that is read from these arrays. @param classes of the head; without them the parameters have none. */
export function vitEntries(
  arrays: CheckpointArrays,
  names: VitNames,
  sizes: KnownSizes,
  classes: number | undefined,
): VitEntry[] {
  const style = styleOf(names);
  const { width, depth, heads, mlpWidth, patch, channels, tokens } = sizes;
  const perHead = [heads, width / heads];
  const has = (name: string) => arrays.has(name);
  /** Whether some block has it, so that one without is missing it. */
  const someHas = (name: string) =>
    Array.from({ length: depth + 1 }, (_, index) => name.replace('#', `${index}`)).some(has);
  const same = (name: string, shape: readonly number[], param: string): VitEntry => ({
    name,
    shape,
    params: [param],
  });
  /** `any` is the layer's name, with `#` for the number of its block. */
  const norm = (layer: string, param: string, size = width, any = layer): VitEntry[] => {
    const [scale, bias] = [style.scale(layer), style.bias(layer)];
    const scales = same(scale, [size], `${param}/scale`);
    // flax' norms of queries and keys have no bias.
    return size !== width && !someHas(style.bias(any))
      ? [scales]
      : [scales, same(bias, [size], `${param}/bias`)];
  };
  const dense = (layer: string, of: Dense, any?: string): VitEntry[] => {
    const params = of.params.map((param) => `${param}/bias`);
    const bias = of.bias ?? [of.outputs];
    const isFlax = style === flaxStyle;
    return [
      style.kernelEntry(style.kernel(layer), of),
      any === undefined || someHas(style.bias(any)) || isFlax
        ? {
            name: style.bias(layer),
            shape: isFlax ? bias : [of.outputs * params.length],
            params,
            paramShape: bias,
          }
        : // A layer without a bias is one whose bias is 0, for which kernels are made.
          { params, shape: [of.outputs * params.length], paramShape: bias },
    ];
  };
  const attend = (of: LayerNames, from: (name: string) => string, to: string, any?: string) => [
    ...of.projections.flatMap(([name, parts]) =>
      dense(
        from(name),
        {
          ...{ inputs: width, outputs: width, kernel: [width, ...perHead], bias: perHead },
          params: parts.map((at) => `${to}${attention}/${at}`),
        },
        any && `${any}${name}`,
      ),
    ),
    ...dense(
      from(of.out),
      {
        ...{ inputs: width, outputs: width, kernel: [...perHead, width] },
        params: [`${to}${attention}/out`],
      },
      any && `${any}${of.out}`,
    ),
  ];
  const mlp = (
    of: LayerNames,
    from: (name: string) => string,
    to: string,
    hidden: number,
    any?: string,
  ) => {
    const at = (index: number) => ({ params: [`${to}MlpBlock_0/Dense_${index}`] });
    return [
      ...dense(
        from(of.dense[0]),
        { inputs: width, outputs: hidden, ...at(0) },
        any && `${any}${of.dense[0]}`,
      ),
      ...dense(
        from(of.dense[1]),
        { inputs: hidden, outputs: width, ...at(1) },
        any && `${any}${of.dense[1]}`,
      ),
    ];
  };

  const separator = names.layout === 'flax' ? '/' : '.';
  const anyBlock = `${names.block}${separator}`;
  const qkNorms = names.qkNorms?.filter((name) => someHas(style.scale(`${anyBlock}${name}`))) ?? [];
  const layerScales = names.layerScales?.find((pair) =>
    pair.some((name) => someHas(anyBlock + name)),
  );
  const blocks = Array.from({ length: depth }, (_, index) => {
    const from = (name: string) => anyBlock.replace('#', `${index}`) + name;
    const to = `encoderblock_${index}/`;
    return [
      ...names.norms.flatMap((name, at) => norm(from(name), `${to}LayerNorm_${at}`)),
      ...attend(names, from, to, anyBlock),
      ...(qkNorms.length === 0 ? [] : (names.qkNorms ?? [])).flatMap((name, at) =>
        norm(
          from(name),
          `${to}${attention}/${at === 0 ? 'query_ln' : 'key_ln'}`,
          width / heads,
          `${anyBlock}${name}`,
        ),
      ),
      ...mlp(names, from, to, mlpWidth, anyBlock),
      ...(layerScales ?? []).map((name, at) =>
        same(from(name), [width], `${to}LayerScale_${at}/scale`),
      ),
    ];
  });

  const found = (list: readonly string[]) => list.find(has);
  const placed = found(names.positions);
  const axes = names.isFlat ? [] : [1];
  const tokensBefore = Object.entries(names.tokens).flatMap(([param, list]) => {
    // Positions of a square and one token more are those of a class token.
    const isMissing = param === 'cls' && Number.isInteger(Math.sqrt(tokens - 1)) && tokens > 1;
    const name = found(list) ?? (isMissing && placed !== undefined ? list[0] : undefined);
    if (name === undefined) return [];
    const count = param === 'registers' ? (shapeAt(arrays.get(name), -2) ?? 1) : 1;
    const shape = names.isFlat ? [width] : [1, count, width];
    return [{ ...same(name, shape, param), paramShape: [1, count, width] }];
  });
  const fcNorm =
    names.fcNorm !== undefined && has(style.scale(names.fcNorm)) ? names.fcNorm : undefined;
  const isWhole =
    names.norm !== undefined && (fcNorm === undefined || has(style.scale(names.norm)));
  const { pool } = names;
  return [
    style.embeddingEntry(style.kernel(names.embedding), patch, channels, width),
    ...dense(
      names.embedding,
      { inputs: 1, outputs: width, params: ['embedding'] },
      names.embedding,
    ).slice(1),
    ...tokensBefore,
    ...(placed === undefined && names.hasSincos
      ? []
      : [
          {
            ...same(placed ?? names.positions[0] ?? '', [...axes, tokens, width], 'pos_embedding'),
            paramShape: [1, tokens, width],
          },
        ]),
    ...(names.preNorm !== undefined && has(style.scale(names.preNorm))
      ? norm(names.preNorm, 'pre_norm')
      : []),
    ...blocks.flat(),
    ...(isWhole ? norm(names.norm ?? '', 'encoder_norm') : []),
    ...(fcNorm === undefined ? [] : norm(fcNorm, 'fc_norm')),
    ...(pool !== undefined && hasPool(arrays, names)
      ? [
          same(pool.probe, [1, 1, width], 'MAPHead_0/probe'),
          ...attend(pool, (name) => name, 'MAPHead_0/'),
          ...norm(pool.norm, 'MAPHead_0/LayerNorm_0'),
          ...mlp(
            pool,
            (name) => name,
            'MAPHead_0/',
            outputsOf(arrays, style, pool.dense[0]) ?? mlpWidth,
          ),
        ]
      : []),
    ...headEntries(),
  ];

  function headEntries(): VitEntry[] {
    const head = names.head === undefined ? undefined : headOf(arrays, names);
    const preLogits = preLogitsOf(arrays, names);
    const isWanted = classes !== undefined;
    const wide = preLogits === undefined ? undefined : outputsOf(arrays, style, preLogits);
    // Dinov2's classes take the class token and the average.
    const inputs =
      wide ?? (head && inputsOf(arrays, style, head) === 2 * width ? 2 * width : width);
    return [
      ...(isWanted && preLogits !== undefined
        ? dense(preLogits, { inputs: width, outputs: wide ?? width, params: ['pre_logits'] })
        : []),
      ...(isWanted && classes > 0 && names.head !== undefined
        ? dense(
            head ?? names.head[0] ?? '',
            { inputs, outputs: classes, params: ['head'] },
            // A projection of CLIP has none.
            head === 'visual_projection' ? head : undefined,
          )
        : []),
      ...(isWanted && classes > 0 && names.headDist && has(style.kernel(names.headDist))
        ? dense(names.headDist, { inputs, outputs: classes, params: ['head_dist'] })
        : []),
    ];
  }
}

const shapeAt = (array: CheckpointArray | undefined, axis: number) => array?.shape.at(axis);

const outputsOf = (arrays: CheckpointArrays, style: Style, layer: string) =>
  shapeAt(arrays.get(style.kernel(layer)), style.outputsAxis);

const inputsOf = (arrays: CheckpointArrays, style: Style, layer: string) =>
  shapeAt(arrays.get(style.kernel(layer)), -1 - style.outputsAxis);

/** The name of the head's linear layer, if there is one. */
export const headOf = (arrays: CheckpointArrays, names: VitNames): string | undefined =>
  names.head?.find((name) => arrays.has(styleOf(names).kernel(name)));

/** How many classes the head has, if there is one. */
export function classesOf(arrays: CheckpointArrays, names: VitNames): number | undefined {
  const head = headOf(arrays, names);
  return head === undefined ? undefined : outputsOf(arrays, styleOf(names), head);
}

/** The layer before the head. transformers' pooler is of models that have no head. */
function preLogitsOf(arrays: CheckpointArrays, names: VitNames): string | undefined {
  const { preLogits, layout } = names;
  if (preLogits === undefined || !arrays.has(styleOf(names).kernel(preLogits))) return undefined;
  return layout === 'transformers' && headOf(arrays, names) !== undefined ? undefined : preLogits;
}

/** Whether the features are pooled by attention. transformers' classes of Siglip take the average in its place. */
function hasPool(arrays: CheckpointArrays, names: VitNames): boolean {
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
