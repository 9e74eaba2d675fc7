import { outputOptions } from '@neverend/command-line';
import type { Command } from 'commander';
import type { InfoFlags } from './flags.ts';
import { checkIdleFlags, modelOptions, presetOption } from './model-flags.ts';
import { runCommand } from './run-command.ts';

export function addInfo(program: Command): void {
  const command = program
    .command('info')
    .showHelpAfterError('(peer info --help shows how)')
    .description(
      'what a model is and costs: parameters, those that a token takes, FLOPs and bytes a token',
    )
    .argument('[model]', 'the folder of a run or of a model; without it, a new one of these flags')
    .addOption(presetOption())
    .addHelpText(
      'after',
      `
Examples:
  peer info runs/small
  peer info --preset small --blocks dense,moe,moe,dense
`,
    );
  for (const option of [...modelOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (model: string | undefined, flags: InfoFlags) => {
    const { json: _, quiet: __, ...sizes } = flags;
    if (model !== undefined && Object.keys(sizes).length > 0) {
      command.error('error: a model and sizes were both given; info takes one of them');
    }
    checkIdleFlags(command, flags);
    await runCommand(flags, async (context) => {
      const { info } = await import('./info.ts');
      await info(model, flags, context, command);
    });
  });
}
