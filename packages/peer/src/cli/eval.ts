import { type CommandContext, count, startBackend, table } from '@neverend/command-line';
import { feedForwards } from '../language-model/config.ts';
import type { LanguageModel } from '../language-model/model.ts';
import { gzippedBytes } from '../text/baselines/gzip.ts';
import { WittenBell } from '../text/baselines/witten-bell.ts';
import { bytesOf, type TextDocument } from '../text/document.ts';
import { type TokenStream, tokenStream } from '../text/token-stream.ts';
import { type Evaluation, evaluateLanguageModel } from '../training/evaluate.ts';
import type { EvalFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import { openTested } from './open-texts.ts';

/** Prints how well a model foretells texts, beside what else does. */
export async function evaluate(
  path: string,
  sources: readonly string[],
  flags: EvalFlags,
  context: CommandContext,
): Promise<void> {
  const backend = await startBackend(flags, context);
  const { model, tokenizer } = await openModel(path);
  try {
    const wants = { train: flags.baselines };
    const { tested, train } = await openTested(path, sources, wants, context);
    const stream = tokenStream(tested, tokenizer);
    const evaluation = await foretold(model, stream, 'evaluate', flags, context);
    const without: Record<number, Evaluation> = {};
    for (const [block, { items }] of feedForwards(model.config).entries()) {
      if (items === undefined) continue;
      const title = `without block ${block}`;
      without[block] = await foretold(model, stream, title, flags, context, [block]);
    }
    const baselines = flags.baselines ? await baselinesOf(tested, train, context) : {};
    const answer = { backend: backend.name, ...evaluation, without, baselines };
    await context.print(flags.json ? `${JSON.stringify(answer)}\n` : textOf(answer));
  } finally {
    model.dispose();
  }
}

function foretold(
  { params, config }: LanguageModel,
  stream: TokenStream,
  title: string,
  { windows }: EvalFlags,
  { signal, progress }: CommandContext,
  without: readonly number[] = [],
): Promise<Evaluation> {
  return evaluateLanguageModel(params, config, stream, {
    ...{ windows, without, signal },
    onProgress: (done, total) => progress({ title, done, total }),
  });
}

/** Bits a byte of the whole texts by other means. */
interface Baselines {
  /** `gzip -9` of all as one file. */
  readonly gzip?: number;
  /** Counts of what followed three bytes in the text that the model learned from. */
  readonly threeBytes?: number;
}

async function baselinesOf(
  tested: readonly TextDocument[],
  train: readonly TextDocument[] | undefined,
  { note }: CommandContext,
): Promise<Baselines> {
  const bytes = bytesOf(tested);
  const gzip = (8 * (await gzippedBytes(tested))) / bytes;
  if (train === undefined) return { gzip };
  note('counting what follows three bytes');
  const model = new WittenBell(3);
  for (const document of train) model.learn(document.bytes);
  const bits = tested.reduce((sum, document) => sum + model.bitsOf(document.bytes), 0);
  return { gzip, threeBytes: bits / bytes };
}

function textOf({
  without,
  baselines: { gzip, threeBytes },
  ...own
}: Evaluation & {
  readonly without: Readonly<Record<number, Evaluation>>;
  readonly baselines: Baselines;
}): string {
  const row = (name: string, { bitsPerByte, perplexity }: Partial<Evaluation>) => [
    ...[name, bitsPerByte?.toFixed(4) ?? '', perplexity?.toFixed(2) ?? ''],
  ];
  const rows = [
    ['', 'bits a byte', 'perplexity'],
    row('the model', own),
    ...Object.entries(without).map(([block, of]) =>
      row(`without the experts of block ${block}`, of),
    ),
    ...(gzip === undefined ? [] : [row('gzip -9', { bitsPerByte: gzip })]),
    ...(threeBytes === undefined
      ? []
      : [row('three bytes of context', { bitsPerByte: threeBytes })]),
  ];
  return `${table(rows)}${count(own.tokens, 'token')}, ${count(own.bytes, 'byte')}\n`;
}
