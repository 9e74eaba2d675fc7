import { flagOf } from '@neverend/command-line';
import { type Command, Option } from 'commander';
import type { ConvertFlags } from './flags.ts';
import {
  cropOption,
  downloadOptions,
  formOption,
  framesPerSecondOption,
  labelsOption,
  outputOptions,
  positiveInteger,
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
      new Option('--vit', '<in> is a vision transformer; a new model gets its blocks').conflicts(
        'labels',
      ),
    )
    .addOption(formOption())
    .addOption(labelsOption())
    .option('--frames <n>', 'frames of a clip', positiveInteger)
    .addOption(framesPerSecondOption())
    .addOption(cropOption())
    .addHelpText(
      'after',
      `
An .npz holds parameters alone: class names, the length of a clip, frames a second and the crop are lost with it.
With --vit, the new model has the ViT's size. Its blocks over time and its head are drawn at random; train --from takes it.

Examples:
  trecvit convert trecvit_B_k400.npz k400/ --labels k400.txt
  trecvit convert runs/mine/model mine.npz
  trecvit convert mine.npz mine/ --labels names.txt --frames 16 --frames-per-second 10
  trecvit convert ViT-B_16.npz start/ --vit --form paper
`,
    );
  for (const option of [...downloadOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (from: string, to: string, flags: ConvertFlags) => {
    if (flags.form !== undefined && !flags.vit) {
      command.error('error: --form was given without --vit; it is for a new model');
    }
    const notHeld = (['labels', 'frames', 'framesPerSecond', 'crop'] as const).find(
      (name) => flags[name] !== undefined,
    );
    if (/\.npz$/i.test(to) && notHeld !== undefined) {
      command.error(
        `error: ${flagOf(notHeld)} was given with ${to}; an .npz holds parameters alone`,
      );
    }
    if (!/\.npz$/i.test(to) && /\.[a-z]\w*$/i.test(to)) {
      command.error(
        `error: ${to} is neither a folder nor an .npz, which are what convert writes; ${to}/ would be a folder`,
      );
    }
    await runCommand(flags, async (context) => {
      const { convert } = await import('./convert.ts');
      await convert(from, to, flags, context);
    });
  });
}
