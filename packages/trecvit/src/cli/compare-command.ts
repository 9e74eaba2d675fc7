import { type Command, InvalidArgumentError } from 'commander';
import type { CompareFlags } from './flags.ts';
import { backendOptions, notNegative, outputOptions } from './options.ts';
import { runCommand } from './run-command.ts';

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .showHelpAfterError('(trecvit compare --help shows how)')
    .description('TRecViT-B beside a full-attention model of the size of ViViT-L')
    .option('--frames <list>', 'lengths of the clips', lengths, [32, 64])
    .option(
      '--memory <gb>',
      'the most memory that a run may take; costs of larger runs are computed, and with 0 nothing is run (default: most of what is free)',
      notNegative,
    )
    .addHelpText(
      'after',
      `
Parameters and FLOPs are computed. Peak memory and time are measured where the memory allows, which takes minutes. Both models have
random weights and 224 x 224 pixels; TRecViT-B is in the paper's form. Ctrl-C ends it at once.

Examples:
  trecvit compare
  trecvit compare --memory 0
  trecvit compare --frames 32 --backend wasm --json
`,
    );
  for (const option of [...backendOptions(), ...outputOptions()]) command.addOption(option);
  command.action((flags: CompareFlags) =>
    runCommand(
      flags,
      async (context) => {
        const { compare } = await import('./compare.ts');
        await compare(flags, context);
      },
      { endsAtOnce: true },
    ),
  );
}

function lengths(text: string): readonly number[] {
  const found = text.split(',').map(Number);
  if (!found.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw new InvalidArgumentError('It must be positive integers such as 32,64.');
  }
  return found;
}
