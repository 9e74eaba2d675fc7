import type { Command } from 'commander';
import type { ClassifyFlags } from './flags.ts';
import {
  backendOptions,
  checkpointOption,
  downloadOptions,
  imagesOption,
  labelsOption,
  outputOptions,
  positiveInteger,
  refuseIdleDownload,
  sureOption,
  topOption,
} from './options.ts';
import { runCommand } from './run-command.ts';

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .showHelpAfterError('(trecvit classify --help shows how)')
    .description('the likeliest classes of videos: files, or folders of images')
    .argument('<video...>', 'mp4, webm, avi, mkv, mov or gif, or a folder of images')
    .option('--crops <n>', 'crops of each clip, spread over its longer side', positiveInteger, 1)
    .addHelpText(
      'after',
      `
A video is sampled at the model's frame rate and cut into clips of the model's length; the probabilities of all clips are averaged.

Examples:
  trecvit classify wave.mp4
  trecvit classify clips/*.mp4 --top 1 --json
  trecvit classify cat.mp4 --checkpoint trecvit_B_k400.npz --labels k400.txt --crops 3
`,
    );
  const options = [
    ...[checkpointOption(), labelsOption(), topOption(), sureOption(), imagesOption()],
    ...[...backendOptions(), ...downloadOptions(), ...outputOptions()],
  ];
  for (const option of options) command.addOption(option);
  command.action(async (videos: readonly string[], flags: ClassifyFlags) => {
    refuseIdleDownload(command, flags, { name: '--checkpoint', value: flags.checkpoint });
    await runCommand(flags, async (context) => {
      const { classify } = await import('./classify.ts');
      await classify(videos, flags, context);
    });
  });
}
