import type { CheckpointArrays } from './checkpoint-array.ts';
import {
  hasAverageHead,
  hasLayer,
  hasPool,
  headNameOf,
  inputsOf,
  outputsOf,
  preLogitsOf,
} from './head.ts';
import type { KnownSizes } from './known-sizes.ts';
import type { LayerNames, VitNames } from './names.ts';
import { type Dense, flaxStyle, styleOf, type VitEntry } from './style.ts';

const attention = 'MultiHeadDotProductAttention_0';

/** What else is known of a checkpoint that is read. */
export interface ReadOptions {
  /** Of the head; 0 for what comes before it alone, and not even that where it is left out. */
  readonly classes: number | undefined;
  /** Whether patches that have positions are a square. */
  readonly isSquare: boolean;
  /** Whether there is no norm after the blocks, and none of what was pooled. */
  readonly hasNoNorm?: boolean;
}

/** Every entry that is read from these arrays. */
export function vitEntries(
  arrays: CheckpointArrays,
  names: VitNames,
  sizes: KnownSizes,
  { classes, isSquare, hasNoNorm = false }: ReadOptions,
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
  const norm = (layer: string, param: string, size = width): VitEntry[] => [
    same(style.scale(layer), [size], `${param}/scale`),
    same(style.bias(layer), [size], `${param}/bias`),
  ];
  /** `hasBias` is false where no layer of its kind has one. */
  const dense = (layer: string, of: Dense, hasBias = true): VitEntry[] => {
    const params = of.params.map((param) => `${param}/bias`);
    const bias = of.bias ?? [of.outputs];
    const isFlax = style === flaxStyle;
    return [
      style.kernelEntry(style.kernel(layer), of),
      hasBias || isFlax
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
  const someHaveBiases = (layers: readonly string[]) =>
    layers.some((layer) => someHas(style.bias(anyBlock + layer)));
  // timm's `proj_bias` is that of all these layers; other packages' have theirs always.
  const hasProjBiases = names.layout !== 'timm' || someHaveBiases([names.out, ...names.dense]);
  // Queries, keys and values have theirs together.
  const hasQkvBiases =
    names.hasBiases === true || someHaveBiases(names.projections.map(([name]) => name));
  const attend = (
    of: LayerNames,
    from: (name: string) => string,
    to: string,
    has: readonly [qkv: boolean, out: boolean],
  ) => [
    ...of.projections.flatMap(([name, parts]) =>
      dense(
        from(name),
        {
          ...{ inputs: width, outputs: width, kernel: [width, ...perHead], bias: perHead },
          params: parts.map((at) => `${to}${attention}/${at}`),
        },
        has[0],
      ),
    ),
    ...dense(
      from(of.out),
      {
        ...{ inputs: width, outputs: width, kernel: [...perHead, width] },
        params: [`${to}${attention}/out`],
      },
      has[1],
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
    hasBiases: boolean,
  ) => {
    const at = (index: number) => ({ params: [`${to}MlpBlock_0/Dense_${index}`] });
    return [
      ...dense(from(of.dense[0]), { inputs: width, outputs: hidden, ...at(0) }, hasBiases),
      ...dense(
        from(of.dense[1]),
        {
          inputs: isHalved(from(of.dense[1]), hidden) ? hidden / 2 : hidden,
          outputs: width,
          ...at(1),
        },
        hasBiases,
      ),
    ];
  };

  const hasQkNorms = names.qkNorms?.some((name) => someHas(style.scale(anyBlock + name))) === true;
  const layerScales =
    names.layerScales?.find((pair) => pair.some((name) => someHas(anyBlock + name))) ??
    (names.layout === 'timm' ? undefined : names.layerScales?.[0]);
  const blocks = Array.from({ length: depth }, (_, index) => {
    const from = (name: string) => anyBlock.replace('#', `${index}`) + name;
    const to = `encoderblock_${index}/`;
    return [
      ...names.norms.flatMap((name, at) => norm(from(name), `${to}LayerNorm_${at}`)),
      ...attend(names, from, to, [hasQkvBiases, hasProjBiases]),
      ...(hasQkNorms ? (names.qkNorms ?? []) : []).flatMap((name, at) =>
        norm(
          from(name),
          `${to}${attention}/${at === 0 ? 'query_ln' : 'key_ln'}`,
          width / heads,
          // flax' have no bias.
        ).slice(0, style === flaxStyle ? 1 : 2),
      ),
      ...mlp(names, from, to, mlpWidth, hasProjBiases),
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
  // timm's have positions where no class token has one.
  const isOneRegister = arrays.get('reg_token')?.shape.at(-2) === 1;
  const tokensBefore = Object.entries(names.tokens).flatMap(([param, list]) => {
    // Positions of a square and one token more are those of a class token.
    const isMissing =
      isSquare &&
      param === 'cls' &&
      tokens > 1 &&
      Number.isInteger(Math.sqrt(tokens - 1)) &&
      !isOneRegister;
    const isAsked = param === 'dist' && hasHeadDist && (classes ?? 0) > 0;
    const name =
      found(list) ?? ((isMissing && placed !== undefined) || isAsked ? list[0] : undefined);
    if (name === undefined) return [];
    const count = param === 'registers' ? (arrays.get(name)?.shape.at(-2) ?? 1) : 1;
    const shape = names.isFlat ? [width] : [1, count, width];
    // transformers saves registers also where there are none.
    const params = count === 0 ? [] : [param];
    return [{ ...same(name, shape, param), params, paramShape: [1, count, width] }];
  });
  /** What is a choice in timm, and always there in other packages. */
  const hasNorm = (name: string | undefined) =>
    name !== undefined && (names.layout !== 'timm' || hasLayer(arrays, names, name));
  const hasPreNorm = hasNorm(names.preNorm);
  const isUnused = classes !== undefined && classes > 0 && hasAverageHead(arrays, names);
  const fcNorm = hasNorm(names.fcNorm) && !isUnused ? names.fcNorm : undefined;
  const isWhole =
    names.norm !== undefined &&
    ((fcNorm === undefined && !hasNoNorm) || hasLayer(arrays, names, names.norm));
  const { pool } = names;
  return [
    style.embeddingEntry(style.kernel(names.embedding), patch, channels, width),
    ...dense(
      names.embedding,
      { inputs: 1, outputs: width, params: ['embedding'] },
      // CLIP's patches have none, since a norm follows that has one.
      !hasPreNorm || has(style.bias(names.embedding)),
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
          ...attend(pool, (name) => name, 'MAPHead_0/', [true, true]),
          ...norm(pool.norm, 'MAPHead_0/LayerNorm_0'),
          ...mlp(
            pool,
            (name) => name,
            'MAPHead_0/',
            outputsOf(arrays, names, pool.dense[0]) ?? mlpWidth,
            true,
          ),
        ]
      : []),
    ...headEntries(),
  ];

  function headEntries(): VitEntry[] {
    const head = headNameOf(arrays, names);
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
      ...(isWanted && classes > 0 && head !== undefined
        ? dense(
            head,
            { inputs, outputs: classes, params: ['head'] },
            // A projection of CLIP has none.
            head !== 'visual_projection' || has(style.bias(head)),
          )
        : []),
      ...(isWanted && classes > 0 && names.headDist && (hasHeadDist || isDistilled)
        ? dense(names.headDist, { inputs, outputs: classes, params: ['head_dist'] })
        : []),
    ];
  }
}
