import { checkOneOf, checkOptions, ShapeError } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { arraysBelow, type FoundVit, foundVit, layoutOf } from '../vit-checkpoint/arrays.ts';
import type { CheckpointArray } from '../vit-checkpoint/checkpoint-array.ts';
import { classesOf, hasAverageHead, hasPool } from '../vit-checkpoint/head.ts';
import { readVit } from '../vit-checkpoint/index.ts';
import { knownSizes } from '../vit-checkpoint/known-sizes.ts';
import type { VitLayout } from '../vit-checkpoint/sizes.ts';
import { styleOf } from '../vit-checkpoint/style.ts';
import { checkVitConfig, type VitConfig } from './config.ts';
import type { ConfigFacts } from './config-facts.ts';
import { checkKind, configFacts } from './config-file.ts';
import { refuse, sidesOf } from './file-values.ts';
import { checkModel, checkParts, registersIn } from './vit-parts.ts';

/** How a checkpoint is read. */
export interface LoadVitOptions
  extends Partial<Pick<VitConfig, 'heads' | 'gelu' | 'eps' | 'pooling' | 'interpolation'>> {
  /** Its config.json, parsed. Files of timm and transformers need it, or `heads`, `gelu` and `eps`. What else is given here counts first. */
  readonly config?: unknown;
  /** Whose names it has; that of the names where it is left out. */
  readonly layout?: VitLayout | undefined;
  /**
   * What stands before the names of its vision transformer, such as `module.`; arrays whose names do not begin with it are left out.
   * What packages have between it and their names (`vit.`, `vision_model.`, `params/img/`) is known.
   */
  readonly prefix?: string | undefined;
  /**
   * `sincos` for a model of `flax` that computes its positions: big_vision's `posemb: 'sincos2d'`. Its file has none, as one that lost
   * learned ones.
   */
  readonly positions?: 'learned' | 'sincos' | undefined;
  /** Side of the images in pixels, or height and width. That of `config`, else that of a square of positions. */
  readonly image?: number | readonly [height: number, width: number] | undefined;
}

/** What `vit` takes. */
export interface LoadedVit {
  /** By the names of `vitParams`, the caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  readonly config: VitConfig;
}

/**
 * A vision transformer from the arrays of a checkpoint, with the configuration that belongs to it: `vit(images, params, config)` gives
 * its features. Files are those that `vitParams` reads. Their sizes are those of the arrays; form of GELU, epsilon and heads are those of
 * config.json and, with `flax`, of the published code.
 *
 * @param arrays by their names in the checkpoint, as the readers of `@neverend/checkpoint` give them.
 * @throws NeverendError of the code NEVEREND_VIT_CHECKPOINT as `vitParams` does, and of the code NEVEREND_VIT_CONFIG naming what of
 * `config` cannot be taken. @throws ShapeError | RangeError | TypeError naming what else is wrong or not given.
 */
export function loadVit(
  arrays: Readonly<Record<string, CheckpointArray>>,
  options: LoadVitOptions = {},
): LoadedVit {
  const own = ['heads', 'gelu', 'eps', 'pooling', 'interpolation'] as const;
  checkOptions('loadVit', options, [...own, 'config', 'layout', 'prefix', 'positions', 'image']);
  const { prefix = '' } = options;
  const below = arraysBelow(arrays, prefix);
  if (options.config !== undefined) checkKind(options.config);
  const { layout = layoutOf(below, prefix) } = options;
  checkOneOf('layout', layout, ['flax', 'timm', 'transformers']);
  checkOneOf('positions', options.positions ?? 'learned', ['learned', 'sincos']);
  const found = foundVit(below, layout, prefix);
  checkSaid(found, options);
  const { heads, claims = [], parts = [], model, ...facts } = factsOf(found, options);
  if (model !== undefined) checkModel(found, model);
  const sizes = knownSizes(found, { heads });
  const classes = classesOf(found.arrays, found.names);
  // A head may be among the names that are left out.
  const isPart = Object.keys(below).length < Object.keys(arrays).length && classes === 0;
  const isHead = (of: string) => isPart && ['head', 'headDist', 'classes', 'outputs'].includes(of);
  const wanted = parts.filter(({ part }) => !isHead(part));
  checkParts(found, sizes.depth, wanted);
  const seen = { ...sizes, classes, outputs: classes || undefined, registers: registersIn(found) };
  for (const [name, value, of] of claims) {
    const there = isHead(of) ? undefined : seen[of];
    if (value !== undefined && there !== undefined && value !== there)
      refuse(name, value, `${there}, as in arrays`);
  }
  const params = readVit(found, sizes, {
    classes,
    isSquare: options.image === undefined,
    hasNoNorm: parts.some(({ part, isThere }) => part === 'norm' && !isThere),
  });
  const has = (name: string) => params[name] !== undefined;
  try {
    const config: VitConfig = {
      depth: sizes.depth,
      heads: sizes.heads,
      gelu: facts.gelu,
      eps: facts.eps,
      qkNorm: has('encoderblock_0/MultiHeadDotProductAttention_0/query_ln/scale'),
      layerScale: has('encoderblock_0/LayerScale_0/scale'),
      swiglu: isSwiglu(params),
      finalNorm: has('encoder_norm/scale'),
      pooling: poolingOf(found, params, options.pooling ?? facts.pooling),
      interpolation: facts.interpolation,
    };
    checkVitConfig(config);
    checkPooling(params, config.pooling);
    if (!has('pos_embedding')) return { params, config };
    return {
      params,
      config: { ...config, grid: gridOf(params, sizes.patch, options.image, facts) },
    };
  } catch (error) {
    for (const tensor of Object.values(params)) tensor.dispose();
    throw error;
  }
}

type Own = 'heads' | 'claims' | 'parts';
type Facts = Omit<ConfigFacts, Own> & Partial<Pick<ConfigFacts, Own>>;

/** @throws TypeError where big_vision's models may be without what arrays lack, and nothing says that this one is. */
function checkSaid({ arrays, names, inFile }: FoundVit, options: LoadVitOptions): void {
  const { positions = 'learned', pooling } = options;
  const there = names.positions.find((name) => arrays.has(name));
  if (positions === 'sincos' && there !== undefined)
    throw new TypeError(`positions was "sincos"; arrays has ${inFile(there)}`);
  if (names.hasSincos !== true) return;
  if (positions !== 'sincos' && there === undefined)
    throw new TypeError(
      `arrays has no ${inFile('pos_embedding')}; positions must be "sincos" if the model computes them`,
    );
  // Those of vision_transformer count the class token.
  const isCounted = there?.startsWith('Transformer/') === true;
  const isPooled = arrays.has('cls') || hasPool(arrays, names);
  if (!isCounted && !isPooled && pooling === undefined)
    throw new TypeError(
      `arrays has no ${inFile('cls')}; pooling must be "average" if the model has no class token`,
    );
}

/** What arrays do not say. */
function factsOf(found: FoundVit, options: LoadVitOptions): Facts {
  const { arrays, names } = found;
  const { layout } = names;
  const { config, heads, gelu, eps, interpolation } = options;
  const given = Object.fromEntries(
    Object.entries({ heads, gelu, eps, interpolation }).filter(([, value]) => value !== undefined),
  );
  if (layout === 'flax') {
    if (config !== undefined)
      throw new TypeError('config was given; a checkpoint of flax has none');
    return { gelu: 'tanh', eps: 1e-6, interpolation: {}, ...given };
  }
  if (config !== undefined) {
    const kernel = arrays.get(styleOf(names).kernel(names.embedding));
    return { ...configFacts(layout, config, kernel?.shape[0] ?? 0), ...given };
  }
  if (heads === undefined || gelu === undefined || eps === undefined) {
    throw new TypeError(
      `config was not given; a checkpoint of ${layout} needs its config.json, or heads, gelu and eps`,
    );
  }
  const hasRegisters = names.tokens.registers?.some((name) => arrays.has(name));
  const hasAntialias = layout === 'timm' || hasRegisters === true;
  const byDefault = { method: 'bicubic', antialias: hasAntialias } as const;
  return { heads, gelu, eps, interpolation: interpolation ?? byDefault };
}

/** Whether the second layer of the MLPs takes half of what the first one gives. */
function isSwiglu(params: Readonly<Record<string, tf.Tensor>>): boolean {
  const [given, taken] = [0, 1].map(
    (index) => params[`encoderblock_0/MlpBlock_0/Dense_${index}/kernel`]?.shape[1 - index] ?? 0,
  ) as [number, number];
  return given === 2 * taken;
}

function poolingOf(
  { arrays, names }: FoundVit,
  params: Readonly<Record<string, tf.Tensor>>,
  wanted: VitConfig['pooling'] | undefined,
): VitConfig['pooling'] {
  const has = (name: string) => params[name] !== undefined;
  const { layout } = names;
  const width = params['embedding/bias']?.size ?? 0;
  // transformers' DeiT with one head does not see the second token.
  const isDistilled = has('head_dist/kernel') || (has('dist') && layout === 'timm');
  if (isDistilled && (wanted ?? 'first') === 'first') return 'distilled';
  if (wanted !== undefined) return wanted;
  if (has('MAPHead_0/probe')) return 'attention';
  if (params['head/kernel']?.shape[0] === 2 * width && !has('pre_logits/kernel'))
    return 'first-average';
  if (hasAverageHead(arrays, names)) return 'average';
  if (layout === 'timm' && has('fc_norm/scale')) return 'average';
  return has('cls') ? 'first' : 'average';
}

/** @throws ShapeError where the parameters have not what the features are made of. */
function checkPooling(
  params: Readonly<Record<string, tf.Tensor>>,
  pooling: VitConfig['pooling'],
): void {
  const needed: Readonly<Record<VitConfig['pooling'], readonly string[]>> = {
    first: ['cls'],
    'first-average': ['cls'],
    distilled: ['cls', 'dist', ...(params['head/kernel'] ? ['head_dist/kernel'] : [])],
    average: [],
    attention: ['MAPHead_0/probe'],
  };
  const missing = needed[pooling].find((name) => params[name] === undefined);
  if (missing !== undefined)
    throw new ShapeError(`pooling was "${pooling}"; arrays has nothing that becomes ${missing}`);
}

/** The grid of patches that the positions are of: that of the images, if there are as many, else a square. */
function gridOf(
  params: Readonly<Record<string, tf.Tensor>>,
  patch: number,
  wanted: LoadVitOptions['image'],
  { image: inConfig, imageName }: Pick<ConfigFacts, 'image' | 'imageName'>,
): readonly [number, number] {
  const tokens = params['pos_embedding']?.shape[1] ?? 0;
  const before = ['cls', 'dist', 'registers'].reduce(
    (sum, name) => sum + (params[name]?.shape[1] ?? 0),
    0,
  );
  // Of none of the tokens before the patches, of the class token, or of all.
  const counts = [0, 1, before].filter((count) => count <= before).map((count) => tokens - count);
  const image = wanted === undefined ? inConfig : sidesOf('image', wanted);
  const grid = image?.map((side) => Math.floor(side / patch)) as [number, number] | undefined;
  if (grid && counts.includes(grid[0] * grid[1])) return grid;
  const square = wanted === undefined ? counts.map(Math.sqrt).find(Number.isInteger) : undefined;
  if (square !== undefined && image !== undefined && imageName !== undefined) {
    const side = square * patch;
    refuse(imageName, image.join(' x '), `${side} x ${side}, as the positions in arrays are`);
  }
  if (square !== undefined) return [square, square];
  throw new ShapeError(
    wanted === undefined
      ? `arrays has ${tokens} positions, which are those of no square; image must be given`
      : `image was ${JSON.stringify(wanted)}; arrays has ${tokens} positions, of other images in patches of ${patch}`,
  );
}
