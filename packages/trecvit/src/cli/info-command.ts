import type { Command } from 'commander';
import type { InfoFlags } from './flags.ts';
import {
  backendOptions,
  downloadOptions,
  formOption,
  outputOptions,
  refuseIdleDownload,
  sizeOption,
} from './options.ts';
import { runCommand } from './run-command.ts';

export function addInfo(program: Command): void {
  const command = program
    .command('info')
    .showHelpAfterError('(trecvit info --help shows how)')
    .description('what a model is and costs: parameters, FLOPs, state, peak memory')
    .argument('[checkpoint]', 'a path or URL; without it and --size, all sizes are listed')
    .option('--checkpoint <path|url>', 'the same as the argument')
    .addOption(sizeOption())
    .addOption(formOption(' of --size (default: released)'))
    .option('--clip', 'measure the memory of a clip too, beside that of a frame')
    .addHelpText(
      'after',
      `
Examples:
  trecvit info
  trecvit info --size B --form paper
  trecvit info runs/mine/model --clip --json
`,
    );
  for (const option of [...backendOptions(), ...downloadOptions(), ...outputOptions()]) {
    command.addOption(option);
  }
  command.action(async (argument: string | undefined, flags: InfoFlags) => {
    if (argument !== undefined && flags.checkpoint !== undefined) {
      command.error('error: a checkpoint was given twice, as argument and by --checkpoint');
    }
    const checkpoint = argument ?? flags.checkpoint;
    if (flags.form !== undefined && flags.size === undefined) {
      command.error('error: --form was given without --size, whose form it is');
    }
    if (flags.clip && (checkpoint ?? flags.size) === undefined) {
      command.error('error: --clip was given without a model; it takes a checkpoint or --size');
    }
    if (checkpoint !== undefined && flags.size !== undefined) {
      command.error('error: a checkpoint and --size were both given; info takes one of them');
    }
    refuseIdleDownload(command, flags, { name: 'a checkpoint', value: checkpoint });
    await runCommand(flags, async (context) => {
      const { info } = await import('./info.ts');
      await info(checkpoint, flags, context);
    });
  });
}
