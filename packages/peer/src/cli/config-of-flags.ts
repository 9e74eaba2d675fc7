import type { RetrievalConfig } from '@neverend/product-keys';
import { checkConfig, type LanguageModelConfig } from '../language-model/config.ts';
import { type FeedForwardConfig, feedForward } from '../language-model/feed-forward/index.ts';
import type { Kind, ModelFlags } from './flags.ts';

/** How far what a layer costs may be from what a dense one costs, where it is to cost the same. */
const tolerance = 0.1;

/** Narrower keys tell too little apart; fewer heads come before keys narrower than the second. */
const [leastKeyWidth, goodKeyWidth] = [4, 8];

/** So many keys of two sets have the most items that int32 counts. */
const mostKeys = 46_340;

/** The number of tokens that flags ask for. */
export const vocabularyOf = ({ tokens = 'bpe', vocabulary = 4096 }: ModelFlags): number =>
  tokens === 'bytes' ? 257 : vocabulary;

/** A model of these flags. @param vocabulary number of tokens. @throws RangeError naming the flag that is wrong. */
export function configOf(
  flags: ModelFlags,
  vocabulary: number = vocabularyOf(flags),
): LanguageModelConfig {
  const { width = 256, context = 256, blocks = ['dense', 'dense', 'dense', 'dense'] } = flags;
  if (width % 2 !== 0) throw new RangeError(`--width was ${width}; it must be even`);
  const { heads = headsOf(width), hidden = 4 * width } = flags;
  if (width % (2 * heads) !== 0) {
    throw new RangeError(
      `--heads was ${heads}; it must divide the --width, which is ${width}, into even parts`,
    );
  }
  const layers = blocks.map((kind) => layerOf(kind, flags, width, hidden));
  const config = { vocabulary, width, heads, context, blocks: layers };
  checkConfig(config);
  return config;
}

/** One for each 64 of the width, or as many fewer as divide it into even parts. */
function headsOf(width: number): number {
  let heads = Math.max(1, Math.round(width / 64));
  while (width % (2 * heads) !== 0) heads--;
  return heads;
}

function layerOf(kind: Kind, flags: ModelFlags, width: number, hidden: number): FeedForwardConfig {
  switch (kind) {
    case 'dense':
      return { kind, hidden };
    case 'moe':
      return mixtureOf(flags, width, hidden);
    default:
      return retrievingOf(kind, flags, width, hidden);
  }
}

function mixtureOf(flags: ModelFlags, width: number, hidden: number): FeedForwardConfig {
  const { experts = 8 } = flags;
  const { topK = Math.min(2, experts) } = flags;
  if (topK > experts) {
    throw new RangeError(`--top-k was ${topK}; it must be at most the ${experts} --experts`);
  }
  const of = (size: number) => ({ kind: 'moe' as const, experts, topK, hidden: size });
  const size = flags.expertHidden ?? matchedSize(of, 1, width, hidden);
  if (size !== undefined) return of(size);
  throw unmatched('moe', '--expert-hidden', 1, hidden, 'fewer --experts or a smaller --top-k');
}

function retrievingOf(
  kind: 'peer' | 'memory',
  flags: ModelFlags,
  width: number,
  hidden: number,
): FeedForwardConfig {
  const others = retrievalOf(flags);
  const of = (heads: number) => (keyWidth: number) => {
    const sizes = { ...others, heads, keyWidth };
    return kind === 'peer' ? { kind, ...sizes } : { kind, ...sizes, output: 'plus' as const };
  };
  const widthFor = (heads: number) =>
    flags.keyWidth ?? matchedSize(of(heads), leastKeyWidth, width, hidden);
  const isGood = (heads: number) => (widthFor(heads) ?? 0) >= goodKeyWidth;
  const most = flags.keyWidth === undefined ? [8, 4, 2].find(isGood) : 8;
  const { keyHeads: heads = most ?? 1 } = flags;
  const keyWidth = widthFor(heads);
  if (keyWidth !== undefined) return of(heads)(keyWidth);
  const smaller = 'fewer --keys, --key-heads or --picks';
  throw unmatched(kind, '--key-width', leastKeyWidth, hidden, smaller);
}

function retrievalOf({
  keys = 256,
  picks: k = Math.min(16, keys ** 2),
  queryNorm: norm,
}: ModelFlags): Pick<RetrievalConfig, 'k' | 'sizes' | 'norm'> {
  if (keys > mostKeys) {
    throw new RangeError(
      `--keys was ${keys}; it must be at most ${mostKeys}, since two sets of them must make fewer than 2^31 items`,
    );
  }
  if (k > keys ** 2) {
    throw new RangeError(
      `--picks was ${k}; it must be at most ${keys ** 2}, the items of two sets of --keys ${keys}`,
    );
  }
  return { k, sizes: [keys, keys], ...(norm && { norm }) };
}

/** The size, from `least` on, with which a layer costs what a dense one of `hidden` costs; undefined where there is none. */
function matchedSize(
  of: (size: number) => FeedForwardConfig,
  least: number,
  width: number,
  hidden: number,
): number | undefined {
  const flopsOf = (layer: FeedForwardConfig) => feedForward(layer, width).costs.flops;
  const wanted = flopsOf({ kind: 'dense', hidden });
  const atLeast = flopsOf(of(least));
  // They grow evenly with the size.
  const each = flopsOf(of(least + 1)) - atLeast;
  const size = least + Math.max(0, Math.round((wanted - atLeast) / each));
  return Math.abs(flopsOf(of(size)) / wanted - 1) <= tolerance ? size : undefined;
}

/** @param flag of the size that is open. @param smaller what makes the layer cost less. */
function unmatched(
  kind: Kind,
  flag: string,
  least: number,
  hidden: number,
  smaller: string,
): RangeError {
  return new RangeError(
    `no ${flag} of ${least} or more brings a ${kind} layer within ${100 * tolerance} % of the FLOPs of a dense one of --hidden ${hidden}; give ${smaller}, or ${flag} itself`,
  );
}
