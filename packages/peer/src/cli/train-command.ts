import {
  backendOptions,
  commandLine,
  integer,
  outputOptions,
  positiveNumber,
  shareBelowOne,
} from '@neverend/command-line';
import type { Command } from 'commander';
import type { TrainFlags } from './flags.ts';
import { checkIdleFlags, modelOptions, presetOption } from './model-flags.ts';
import { runCommand } from './run-command.ts';
import { trainOptions } from './train-flags.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .showHelpAfterError('(peer train --help shows how)')
    .description('train a language model; the same command goes on where a run was stopped')
    .argument(
      '[texts...]',
      'files, folders, and the names sotu (State of the Union addresses) and moby-dick (default: sotu)',
    )
    .addOption(presetOption())
    .option('--out <folder>', "the run's folder (default: runs/<preset>)")
    .option(
      '--held-out-share <share>',
      'of the bytes, in whole texts, to test on',
      shareBelowOne,
      0.05,
    )
    .option('--split-seed <integer>', 'of which texts are held out', integer, 0)
    .option('--checkpoint-seconds <n>', 'seconds between checkpoints', positiveNumber, 60)
    .addHelpText(
      'after',
      `
A run goes on only with the same texts, sizes and settings. In the folder: model/ (what eval and sample take), metrics.jsonl, and the
checkpoint that the run goes on from.

Examples:
  peer train --preset small
  peer train notes/ --tokens bytes --blocks dense,moe --out runs/notes
  peer train moby-dick --vocabulary 1024 --width 128 --steps 500 --out runs/whale
`,
    );
  const options = [...modelOptions(), ...trainOptions(), ...backendOptions(), ...outputOptions()];
  for (const option of options) command.addOption(option);
  command.action(async (texts: readonly string[], flags: TrainFlags) => {
    if (flags.out === undefined && flags.preset === undefined) {
      command.error('error: --out was not given; without a --preset there is no default');
    }
    if (flags.heldOutShare === 0) {
      command.error('error: --held-out-share was 0; it must be above 0');
    }
    checkIdleFlags(command, flags);
    const interrupted = `interrupted; go on with: ${commandLine('peer')}`;
    await runCommand(
      flags,
      async (context) => {
        const { train } = await import('./train.ts');
        await train(texts.length > 0 ? texts : ['sotu'], flags, context, command);
      },
      { interrupted },
    );
  });
}
