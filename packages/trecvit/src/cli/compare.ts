import { compareModels } from '../compare/index.ts';
import { comparisonTable } from '../compare/table.ts';
import type { CompareFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';
import { startBackend } from './start-backend.ts';
import { duration } from './units.ts';

/** Prints what TRecViT-B and a full-attention model cost, side by side. */
export async function compare(flags: CompareFlags, context: CommandContext): Promise<void> {
  const { frames, json, memory } = flags;
  const backend = await startBackend(flags, context);
  const { signal, note } = context;
  signal.addEventListener('abort', () => note('stops after this run; Ctrl-C again stops now'), {
    once: true,
  });
  const comparison = await compareModels({
    frames,
    ...(memory === undefined ? {} : { memoryBytes: 1e9 * memory }),
    onProgress: (text, seconds) => {
      // Between two runs; one that is under way cannot be stopped but by a second Ctrl-C.
      context.signal.throwIfAborted();
      context.note(seconds === undefined ? text : `${text}, about ${duration(seconds)}`);
    },
  });
  await context.print(
    json ? `${JSON.stringify({ ...comparison, backend })}\n` : comparisonTable(comparison),
  );
}
