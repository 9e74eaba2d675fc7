import { type Command, Option } from 'commander';
import type { StreamFlags } from './flags.ts';
import {
  backendOptions,
  checkpointOption,
  downloadOptions,
  imagesOption,
  labelsOption,
  numberFrom,
  outputOptions,
  positiveInteger,
  positiveNumber,
  refuseIdleDownload,
  sureOption,
  topOption,
} from './options.ts';
import { runCommand } from './run-command.ts';

export function addStream(program: Command): void {
  const command = program
    .command('stream')
    .showHelpAfterError('(trecvit stream --help shows how)')
    .description('the likeliest classes of a video as it goes on, in constant memory')
    .argument('<video>', 'a file, a folder of images, or - for the bytes of a file on stdin')
    .option('--every <seconds>', 'a line for every so many seconds of the video', positiveNumber)
    .addOption(
      new Option(
        '--half-life <frames>',
        "after how many frames a frame counts half as much (default: the model's clip length)",
      )
        .argParser(numberFrom(0.1))
        .conflicts('window'),
    )
    .option('--window <frames>', 'average the last frames equally instead', positiveInteger)
    .option('--live', 'for a camera on -: drop frames rather than fall behind')
    .addHelpText(
      'after',
      `
Without --every there is a line whenever the likeliest class changes.

Examples:
  trecvit stream street.mp4
  trecvit stream street.mp4 --every 1 --json
  ffmpeg -f v4l2 -i /dev/video0 -f matroska - | trecvit stream - --live
`,
    );
  const options = [
    ...[checkpointOption(), labelsOption(), topOption(), sureOption(), imagesOption()],
    ...[...backendOptions(), ...downloadOptions(), ...outputOptions()],
  ];
  for (const option of options) command.addOption(option);
  command.action(async (video: string, flags: StreamFlags) => {
    if (flags.live && video !== '-') {
      command.error('error: --live was given with a file, which waits; it is for - alone');
    }
    refuseIdleDownload(command, flags, { name: '--checkpoint', value: flags.checkpoint });
    await runCommand(flags, async (context) => {
      const { stream } = await import('./stream.ts');
      await stream(video, flags, context);
    });
  });
}
