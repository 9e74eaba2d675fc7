import { checkNumber, checkObject, checkOptions, checkSizes, described } from '@neverend/backend';
import { type FeedForwardConfig, feedForward } from './feed-forward/index.ts';
import type { FeedForward } from './feed-forward/types.ts';

/** The sizes of a language model. */
export interface LanguageModelConfig {
  /** Number V of tokens. */
  readonly vocabulary: number;
  /** D. */
  readonly width: number;
  /** H of attention; divides the width into even parts. */
  readonly heads: number;
  /** How many tokens it learns to look back at, itself among them. */
  readonly context: number;
  /** The feed-forward of each block, from the first to the last. */
  readonly blocks: readonly FeedForwardConfig[];
  /** Longest wavelength of rotary positions over 2π. Default: 10,000. */
  readonly rotaryBase?: number;
  /** Default: 1e-6. */
  readonly normEps?: number;
}

/** @throws ShapeError | RangeError | TypeError naming a field that is missing, unknown or wrong. */
export function checkConfig(config: LanguageModelConfig): void {
  checkFields(config);
  feedForwards(config);
}

function checkFields(config: LanguageModelConfig): void {
  const optional = ['rotaryBase', 'normEps'] as const;
  const sizes = ['vocabulary', 'width', 'heads', 'context'] as const;
  checkObject('config', config, `with ${sizes.join(', ')} and blocks`);
  checkOptions('config', config, [...sizes, 'blocks', ...optional]);
  checkSizes(Object.fromEntries(sizes.map((name) => [name, config[name]])));
  const { width, heads, blocks, normEps = 1e-6, rotaryBase = 10_000 } = config;
  if (width % (2 * heads) !== 0) {
    throw new RangeError(
      `heads was ${heads}; it must divide the width, which is ${width}, into even parts`,
    );
  }
  checkNumber('normEps', normEps, 0);
  checkNumber('rotaryBase', rotaryBase, 1);
  if (!Array.isArray(blocks)) {
    throw new TypeError(`blocks was ${described(blocks)}; it must be a list of feed-forwards`);
  }
  if (blocks.length === 0) throw new RangeError('blocks was empty; it must have one at least');
}

const layers = new WeakMap<LanguageModelConfig, readonly FeedForward[]>();

/** The feed-forward layers of the blocks. @throws as `checkConfig` does. */
export function feedForwards(config: LanguageModelConfig): readonly FeedForward[] {
  const known = layers.get(config);
  if (known !== undefined) return known;
  checkFields(config);
  const made = config.blocks.map((block, number) => {
    checkObject(`blocks[${number}]`, block, 'with the kind of a feed-forward');
    return feedForward(block, config.width);
  });
  layers.set(config, made);
  return made;
}

/** What the names of a block's parameters begin with. */
export const blockName = (block: number): string => `block_${String(block).padStart(2, '0')}/`;

/** What the names of a block's feed-forward begin with. */
export const feedForwardName = (block: number): string => `${blockName(block)}feed_forward/`;
