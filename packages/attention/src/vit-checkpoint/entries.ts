import type { CheckpointArrays } from './checkpoint-array.ts';
import { hasLayer, hasPool, headOf, inputsOf, outputsOf, preLogitsOf } from './head.ts';
import type { LayerNames, VitNames } from './names.ts';
import type { VitSizes } from './sizes.ts';
import { type Dense, flaxStyle, styleOf, type VitEntry } from './style.ts';

/** Sizes that are all known. */
export type KnownSizes = { readonly [Size in Exclude<keyof VitSizes, 'classes'>]-?: number };

const attention = 'MultiHeadDotProductAttention_0';

/**
 * Every entry that is read from these arrays.
 *
 * @param classes of the head; without them the parameters have none. @param isSquare whether patches that have positions are a square.
 */
export function vitEntries(
  arrays: CheckpointArrays,
  names: VitNames,
  sizes: KnownSizes,
  classes: number | undefined,
  isSquare: boolean,
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
  const norm = (layer: string, param: string, size = width, any?: string): VitEntry[] => {
    const [scale, bias] = [style.scale(layer), style.bias(layer)];
    const scales = same(scale, [size], `${param}/scale`);
    // flax' norms of queries and keys have no bias.
    return any !== undefined && !someHas(style.bias(any))
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
  const separator = names.layout === 'flax' ? '/' : '.';
  const anyBlock = `${names.block}${separator}`;
  // timm's `proj_bias` is that of all these layers; other packages' have theirs always.
  const hasBiases =
    names.layout !== 'timm' ||
    [names.out, ...names.dense].some((name) => someHas(style.bias(anyBlock + name)));
  /** The layer whose bias may be missing in all blocks; undefined where it must be there. */
  const absentBias = (has: boolean | undefined, blocks: string | undefined, layer: string) =>
    has || blocks === undefined ? undefined : blocks + layer;
  const attend = (of: LayerNames, from: (name: string) => string, to: string, blocks?: string) => [
    ...of.projections.flatMap(([name, parts]) =>
      dense(
        from(name),
        {
          ...{ inputs: width, outputs: width, kernel: [width, ...perHead], bias: perHead },
          params: parts.map((at) => `${to}${attention}/${at}`),
        },
        absentBias(names.hasBiases, blocks, name),
      ),
    ),
    ...dense(
      from(of.out),
      {
        ...{ inputs: width, outputs: width, kernel: [...perHead, width] },
        params: [`${to}${attention}/out`],
      },
      absentBias(hasBiases, blocks, of.out),
    ),
  ];
  /** SwiGLU makes half as many numbers of the first layer's. */
  const isHalved = (second: string, hidden: number) =>
    hidden === 2 * (inputsOf(arrays, names, second) ?? 0);
  const mlp = (
    of: LayerNames,
    from: (name: string) => string,
    to: string,
    hidden: number,
    blocks?: string,
  ) => {
    const at = (index: number) => ({ params: [`${to}MlpBlock_0/Dense_${index}`] });
    return [
      ...dense(
        from(of.dense[0]),
        { inputs: width, outputs: hidden, ...at(0) },
        absentBias(hasBiases, blocks, of.dense[0]),
      ),
      ...dense(
        from(of.dense[1]),
        {
          inputs: isHalved(from(of.dense[1]), hidden) ? hidden / 2 : hidden,
          outputs: width,
          ...at(1),
        },
        absentBias(hasBiases, blocks, of.dense[1]),
      ),
    ];
  };

  const qkNorms = names.qkNorms?.filter((name) => someHas(style.scale(`${anyBlock}${name}`))) ?? [];
  const layerScales =
    names.layerScales?.find((pair) => pair.some((name) => someHas(anyBlock + name))) ??
    (names.layout === 'timm' ? undefined : names.layerScales?.[0]);
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
  const hasHeadDist = hasLayer(arrays, names, names.headDist);
  // transformers' DeiT with one head does not see the second token.
  const isDistilled = names.layout === 'timm' && found(names.tokens.dist ?? []) !== undefined;
  const tokensBefore = Object.entries(names.tokens).flatMap(([param, list]) => {
    // Positions of a square and one token more are those of a class token.
    const isMissing =
      isSquare && param === 'cls' && tokens > 1 && Number.isInteger(Math.sqrt(tokens - 1));
    const isAsked = param === 'dist' && hasHeadDist && (classes ?? 0) > 0;
    const name =
      found(list) ?? ((isMissing && placed !== undefined) || isAsked ? list[0] : undefined);
    if (name === undefined) return [];
    const count = param === 'registers' ? (arrays.get(name)?.shape.at(-2) ?? 1) : 1;
    const shape = names.isFlat ? [width] : [1, count, width];
    return [{ ...same(name, shape, param), paramShape: [1, count, width] }];
  });
  /** What is a choice in timm, and always there in other packages. */
  const hasNorm = (name: string | undefined) =>
    name !== undefined && (names.layout !== 'timm' || hasLayer(arrays, names, name));
  const hasPreNorm = hasNorm(names.preNorm);
  const fcNorm = hasNorm(names.fcNorm) ? names.fcNorm : undefined;
  const isWhole =
    names.norm !== undefined && (fcNorm === undefined || hasLayer(arrays, names, names.norm));
  const { pool } = names;
  return [
    style.embeddingEntry(style.kernel(names.embedding), patch, channels, width),
    ...dense(
      names.embedding,
      { inputs: 1, outputs: width, params: ['embedding'] },
      // CLIP's patches have none, since a norm follows that has one.
      hasPreNorm ? names.embedding : undefined,
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
    ...(hasPreNorm ? norm(names.preNorm ?? '', 'pre_norm') : []),
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
            outputsOf(arrays, names, pool.dense[0]) ?? mlpWidth,
          ),
        ]
      : []),
    ...headEntries(),
  ];

  function headEntries(): VitEntry[] {
    const head = names.head === undefined ? undefined : headOf(arrays, names);
    const preLogits = preLogitsOf(arrays, names);
    const isWanted = classes !== undefined;
    const wide = preLogits === undefined ? undefined : outputsOf(arrays, names, preLogits);
    // Dinov2's classes take the class token and the average.
    const inputs =
      wide ?? (head && inputsOf(arrays, names, head) === 2 * width ? 2 * width : width);
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
      ...(isWanted && classes > 0 && names.headDist && (hasHeadDist || isDistilled)
        ? dense(names.headDist, { inputs, outputs: classes, params: ['head_dist'] })
        : []),
    ];
  }
}
