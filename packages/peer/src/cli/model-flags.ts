import { flagOf, positiveInteger } from '@neverend/command-line';
import type { QueryNorm } from '@neverend/product-keys';
import { type Command, InvalidArgumentError, Option } from 'commander';
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
  new Option('--vocabulary <n>', 'number of tokens of --tokens bpe (default: 4096)').argParser(
    vocabularySize,
  ),
  sizeOption('--width <n>', 'numbers that a token is (default: 256)'),
  sizeOption(
    '--heads <n>',
    'heads of attention (default: one for each 64 of the width, or fewer that divide it)',
  ),
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
  sizeOption(
    '--key-heads <n>',
    'heads that retrieve (default: 8, or fewer where keys would be narrower than 8)',
  ),
  sizeOption('--picks <n>', 'experts or values that each of these heads picks (default: 16)'),
  sizeOption(
    '--key-width <n>',
    'numbers of a key, half of a query (default: as many products a token as --hidden has)',
  ),
  new Option('--query-norm <name>', 'norm of queries (default: batch)').choices(
    Object.keys({ none: true, batch: true, layer: true } satisfies Record<QueryNorm, true>),
  ),
];

const sizeOption = (flags: string, text: string) => new Option(flags, text).argParser(size);

function size(text: string): number {
  const value = positiveInteger(text);
  if (value >= 2 ** 31) throw new InvalidArgumentError('It must be an integer below 2^31.');
  return value;
}

function vocabularySize(text: string): number {
  const value = positiveInteger(text);
  if (value < 257 || value > 65_536) {
    throw new InvalidArgumentError('It must be an integer from 257 to 65,536.');
  }
  return value;
}

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

/** What a preset has under the flags that were given; its heads are for its own width, and others that they divide. */
export function withPreset<T extends ModelFlags>(flags: T): T {
  if (flags.preset === undefined) return flags;
  const { heads, ...others } = presets[flags.preset];
  const { width = others.width } = flags;
  return { ...(width % (2 * heads) === 0 && { heads }), ...others, ...flags };
}
