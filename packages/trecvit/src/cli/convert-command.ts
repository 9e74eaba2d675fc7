import type { Command } from 'commander';
import type { TRecViTForm, TRecViTSize } from '../config.ts';
import type { VideoInput } from '../config-file.ts';
import {
  cropOption,
  downloadOptions,
  framesPerSecondOption,
  labelsOption,
  type ModelFlags,
  outputOptions,
} from './options.ts';
import { runCommand } from './run-command.ts';

export interface ConvertFlags
  extends Pick<ModelFlags, 'labels' | 'offline' | 'cache' | 'json' | 'quiet'> {
  readonly vit?: string;
  readonly size?: TRecViTSize;
  readonly form?: TRecViTForm;
  readonly framesPerSecond?: number;
  readonly crop?: VideoInput['crop'];
}

export function addConvert(program: Command): void {
  const command = program
    .command('convert')
    .showHelpAfterError('(trecvit convert --help shows how)')
    .description('a checkpoint in another format, or a new model with the blocks of a ViT')
    .argument('<in>', 'a path or URL: a folder, an official .npz, or .safetensors')
    .argument('<out>', 'a folder for config.json and model.safetensors, or a file .npz')
    .addOption(labelsOption())
    .addOption(framesPerSecondOption())
    .addOption(cropOption())
    .addHelpText(
      'after',
      `
Examples:
  trecvit convert trecvit_B_k400.npz k400/ --labels k400.txt
  trecvit convert runs/mine/model mine.npz
`,
    );
  for (const option of [...downloadOptions(), ...outputOptions()]) command.addOption(option);
  command.action((from: string, to: string, flags: ConvertFlags) =>
    runCommand(flags, async (context) => {
      const { convert } = await import('./convert.ts');
      await convert(from, to, flags, context);
    }),
  );
}
