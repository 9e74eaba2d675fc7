import { duration, startBackend } from '@neverend/command-line';
import { compareModels } from '../compare/index.ts';
import { comparisonTable } from '../compare/table.ts';
import type { CompareFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';

/** Prints what TRecViT-B and a full-attention model cost, side by side. */
export async function compare(flags: CompareFlags, context: CommandContext): Promise<void> {
  const { frames, json, memory } = flags;
  const backend = await startBackend(flags, context);
  const comparison = await compareModels({
    frames,
    ...(memory === undefined ? {} : { memoryBytes: 1e9 * memory }),
    onProgress: (text, seconds) => {
      context.note(seconds === undefined ? text : `${text}, about ${duration(seconds)}`);
    },
  });
  await context.print(
    json ? `${JSON.stringify({ ...comparison, backend })}\n` : comparisonTable(comparison),
  );
}
