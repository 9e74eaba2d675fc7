import { flagOf, positiveInteger } from '@neverend/command-line';
import type { QueryNorm, RetrievalConfig } from '@neverend/product-keys';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LanguageModelConfig } from '../language-model/config.ts';
import type { FeedForwardConfig } from '../language-model/feed-forward/index.ts';
import type { Kind, ModelFlags } from './flags.ts';
import { presets } from './presets.ts';
import { tableSettings } from './train-flags.ts';

const kinds = Object.keys({ dense: true, moe: true, memory: true, peer: true } satisfies Record<
  Kind,
  true
>);

export const presetOption = (): Option =>
  new Option('--preset <name>', 'sizes and settings; other flags go before it').choices(
    Object.keys(presets),
  );

export const modelOptions = (): Option[] => [
  new Option('--tokens <kind>', 'what the model reads: bytes, or pairs of them (bpe)').choices([
    'bytes',
    'bpe',
  ]),
  sizeOption('--vocabulary <n>', 'number of tokens of --tokens bpe (default: 4096)'),
  sizeOption('--width <n>', 'numbers that a token is (default: 256)'),
  sizeOption('--heads <n>', 'heads of attention (default: one for each 64 of the width)'),
  sizeOption('--context <n>', 'tokens that the model sees at once (default: 256)'),
  new Option(
    '--blocks <kinds>',
    `the feed-forward of each block, of ${kinds.join(', ')} (default: dense,dense,dense,dense)`,
  ).argParser(blockKinds),
  sizeOption('--hidden <n>', 'hidden numbers of a dense feed-forward (default: 4 times the width)'),
  sizeOption('--experts <n>', 'experts of a mixture (default: 8)'),
  sizeOption('--top-k <n>', 'experts that a token picks of a mixture (default: 2)'),
  sizeOption(
    '--expert-hidden <n>',
    'hidden numbers of an expert of a mixture (default: as many products a token as --hidden has)',
  ),
  sizeOption(
    '--keys <n>',
    'keys of each of two sets, of PEER and memories: n² experts or values (default: 256)',
  ),
  sizeOption('--key-heads <n>', 'heads that retrieve (default: 8)'),
  sizeOption('--picks <n>', 'experts or values that each of these heads picks (default: 16)'),
  sizeOption(
    '--key-width <n>',
    'numbers of a key, half of a query (default: as many products a token as --hidden has)',
  ),
  new Option('--query-norm <name>', 'norm of queries (default: batch)').choices(
    Object.keys({ none: true, batch: true, layer: true } satisfies Record<QueryNorm, true>),
  ),
];

const sizeOption = (flags: string, text: string) =>
  new Option(flags, text).argParser(positiveInteger);

function blockKinds(text: string): readonly Kind[] {
  const list = text.split(',').map((kind) => kind.trim());
  const unknown = list.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `It must be kinds separated by commas, of ${kinds.join(', ')}; ${JSON.stringify(unknown)} is none.`,
    );
  }
  return list as Kind[];
}

const retrieving: readonly Kind[] = ['memory', 'peer'];

/** Flags that do something only where a block is of one of these kinds. */
const flagsOfKinds: readonly {
  readonly flags: readonly string[];
  readonly kinds: readonly Kind[];
}[] = [
  { flags: ['experts', 'topK', 'expertHidden'], kinds: ['moe'] },
  { flags: ['keys', 'keyHeads', 'picks', 'keyWidth', 'queryNorm'], kinds: retrieving },
  { flags: tableSettings, kinds: retrieving },
];

/** Refuses flags that were given and do nothing. */
export function checkIdleFlags(command: Command, given: ModelFlags): void {
  const { tokens, blocks = [] } = withPreset(given);
  if (given.vocabulary !== undefined && tokens === 'bytes') {
    command.error(
      'error: --vocabulary was given with --tokens bytes, which are 256 and a boundary',
    );
  }
  for (const { flags, kinds } of flagsOfKinds) {
    const idle = flags.find((name) => name in given);
    if (idle !== undefined && !kinds.some((kind) => blocks.includes(kind))) {
      command.error(`error: ${flagOf(idle)} was given, and no block has a use for it`);
    }
  }
}

/** What a preset has under the flags that were given. */
export function withPreset<T extends ModelFlags>(flags: T): T {
  return flags.preset === undefined ? flags : { ...presets[flags.preset], ...flags };
}

/** A model of these flags. @param vocabulary number of tokens. */
export function configOf(flags: ModelFlags, vocabulary: number): LanguageModelConfig {
  const { width = 256, context = 256, blocks = ['dense', 'dense', 'dense', 'dense'] } = flags;
  const { heads = Math.max(1, Math.round(width / 64)), hidden = 4 * width } = flags;
  const { experts = 8, topK = 2 } = flags;
  const { expertHidden = Math.max(1, Math.round(hidden / topK)) } = flags;
  const layer = (kind: Kind): FeedForwardConfig => {
    switch (kind) {
      case 'dense':
        return { kind, hidden };
      case 'moe':
        return { kind, experts, topK, hidden: expertHidden };
      case 'memory':
        return { kind, ...retrievalOf(flags, width, 2 * hidden), output: 'plus' };
      case 'peer':
        return { kind, ...retrievalOf(flags, width, 2 * hidden) };
    }
  };
  return { vocabulary, width, heads, context, blocks: blocks.map(layer) };
}

/** @param rowsOfDense rows of both matrices of the dense layer whose products a token it is to match. */
function retrievalOf(
  { keys = 256, keyHeads: heads = 8, picks: k = 16, keyWidth, queryNorm: norm }: ModelFlags,
  width: number,
  rowsOfDense: number,
): RetrievalConfig {
  const sets = 2;
  // Queries and keys take what the rows of two tables leave.
  const left = width * rowsOfDense - 2 * heads * k * width;
  const matched = Math.round(left / (sets * heads * (width + keys)));
  return {
    ...{ heads, k, sizes: [keys, keys], keyWidth: keyWidth ?? Math.max(1, matched) },
    ...(norm && { norm }),
  };
}
