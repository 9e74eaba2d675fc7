import { type Command, Option } from 'commander';
import type { ConvertFlags } from './flags.ts';
import {
  cropOption,
  downloadOptions,
  formOption,
  framesPerSecondOption,
  labelsOption,
  outputOptions,
} from './options.ts';
import { runCommand } from './run-command.ts';

export function addConvert(program: Command): void {
  const command = program
    .command('convert')
    .showHelpAfterError('(trecvit convert --help shows how)')
    .description('a checkpoint in another format, or a new model with the blocks of a ViT')
    .argument('<in>', 'a path or URL: a folder, an official .npz, or .safetensors')
    .argument('<out>', 'a folder for config.json and model.safetensors, or a file .npz')
    .addOption(
      new Option('--vit', '<in> is a vision transformer, whose blocks a new model gets').conflicts(
        'labels',
      ),
    )
    .addOption(formOption())
    .addOption(labelsOption())
    .addOption(framesPerSecondOption())
    .addOption(cropOption())
    .addHelpText(
      'after',
      `
With --vit, the new model has the ViT's size. Its blocks over time and its head are drawn at random; train --from takes it.

Examples:
  trecvit convert trecvit_B_k400.npz k400/ --labels k400.txt
  trecvit convert runs/mine/model mine.npz
  trecvit convert ViT-B_16.npz start/ --vit --form paper
`,
    );
  for (const option of [...downloadOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (from: string, to: string, flags: ConvertFlags) => {
    if (flags.form !== undefined && !flags.vit) {
      command.error('error: --form was given without --vit; it is for a new model');
    }
    await runCommand(flags, async (context) => {
      const { convert } = await import('./convert.ts');
      await convert(from, to, flags, context);
    });
  });
}
