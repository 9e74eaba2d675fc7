import { positiveInteger } from '@neverend/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LanguageModelConfig } from '../language-model/config.ts';
import type { FeedForwardConfig } from '../language-model/feed-forward/index.ts';
import type { Kind, ModelFlags } from './flags.ts';
import { presets } from './presets.ts';
import { flagOf, tableSettings } from './train-flags.ts';

const kinds = Object.keys({ dense: true, moe: true } satisfies Record<Kind, true>);

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

/** Flags that do something only where a block is of one of these kinds. */
const flagsOfKinds: readonly {
  readonly flags: readonly string[];
  readonly kinds: readonly Kind[];
}[] = [
  { flags: ['experts', 'topK', 'expertHidden'], kinds: ['moe'] },
  { flags: tableSettings, kinds: [] },
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
  const layer = (kind: Kind): FeedForwardConfig =>
    kind === 'dense' ? { kind, hidden } : { kind, experts, topK, hidden: expertHidden };
  return { vocabulary, width, heads, context, blocks: blocks.map(layer) };
}
