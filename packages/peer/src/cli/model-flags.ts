import { positiveInteger } from '@neverend/command-line';
import { InvalidArgumentError, Option } from 'commander';
import type { LanguageModelConfig } from '../language-model/config.ts';
import type { FeedForwardConfig } from '../language-model/feed-forward/index.ts';
import type { Kind, ModelFlags } from './flags.ts';
import { presets } from './presets.ts';

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
