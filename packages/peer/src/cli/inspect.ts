import { dirname } from 'node:path';
import { makeFolder, writeFileAtomic } from '@neverend/checkpoint/node';
import { type CommandContext, count, startBackend, table } from '@neverend/command-line';
import type { UsageReport } from '@neverend/product-keys';
import { feedForwards } from '../language-model/config.ts';
import type { FeedForwardConfig } from '../language-model/feed-forward/index.ts';
import type { Items } from '../language-model/feed-forward/types.ts';
import { tokenStream } from '../text/token-stream.ts';
import { usageOfBlocks } from '../training/usage-of-blocks.ts';
import type { InspectFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import { openTested } from './open-texts.ts';
import { usageDrawing } from './usage-plot.ts';

/** Prints which items the tokens of texts pick, and draws it where a plot is wanted. */
export async function inspect(
  path: string,
  sources: readonly string[],
  { windows, plot, ...flags }: InspectFlags,
  context: CommandContext,
): Promise<void> {
  const draw = plot === undefined ? undefined : await usageDrawing();
  const backend = await startBackend(flags, context);
  const { model, tokenizer } = await openModel(path);
  try {
    const { params, config } = model;
    const layers = feedForwards(config);
    const { tested } = await openTested(path, sources, { train: false }, context);
    if (plot !== undefined) await makeFolder(dirname(plot));
    const usages = await usageOfBlocks(params, config, tokenStream(tested, tokenizer), {
      ...{ windows, signal: context.signal },
      onProgress: (done, total) => context.progress({ title: 'inspect', done, total }),
    });
    const blocks = Object.entries(usages).map(([block, usage]) => ({
      ...{ block: Number(block), kind: (config.blocks[Number(block)] as FeedForwardConfig).kind },
      ...(layers[Number(block)]?.items as Items),
      report: usage.report(),
      picks: usage.picks,
    }));
    if (plot && draw) await writeFileAtomic(plot, await draw(blocks));
    const told = blocks.map(({ block, kind, sizes, report }) => ({
      ...{ block, kind, sizes, ...report, mostUneven: Math.log(report.items) },
    }));
    const answer = { backend: backend.name, blocks: told, ...(plot !== undefined && { plot }) };
    await context.print(flags.json ? `${JSON.stringify(answer)}\n` : textOf(told));
  } finally {
    model.dispose();
  }
}

interface Told extends UsageReport {
  readonly block: number;
  readonly kind: string;
  readonly sizes: readonly number[];
  /** What the unevenness would be if one item had all the weight: log N. */
  readonly mostUneven: number;
}

function textOf(blocks: readonly Told[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const rows = blocks.map((one) => [
    ...[`${one.block}`, one.kind, whole(one.items), percent(one.coverage)],
    `${one.unevenness?.toFixed(3) ?? '-'} of ${one.mostUneven.toFixed(3)}`,
    ...[one.effectiveItems === undefined ? '-' : whole(one.effectiveItems)],
    percent(one.headOverlap),
    one.deadKeys.map((dead, set) => `${dead.length} of ${one.sizes[set]}`).join(', '),
  ]);
  const head = [
    ...['block', 'kind', 'items', 'coverage', 'unevenness'],
    ...['effective items', 'overlap of heads', 'dead keys'],
  ];
  return `${table([head, ...rows])}${count(blocks[0]?.tokens ?? 0, 'token')}\n`;
}
