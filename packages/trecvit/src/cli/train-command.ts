import { commandLine, flagOf, requiredOption } from '@neverend/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TrainFlags } from './flags.ts';
import {
  backendOptions,
  cropOption,
  downloadOptions,
  formOption,
  framesPerSecondOption,
  imagesOption,
  outputOptions,
  positiveInteger,
  positiveNumber,
  refuseIdleDownload,
  shareBelowOne,
  sizeOption,
} from './options.ts';
import { runCommand } from './run-command.ts';
import { trainOptions } from './train-flags.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .showHelpAfterError('(trecvit train --help shows how)')
    .description('train a classifier of videos; the same command goes on where a run was stopped')
    .argument('<data>', 'a folder with a folder of videos for each class, or a CSV of path,label');
  requiredOption(command, '--out <folder>', "the run's folder")
    .addOption(
      new Option(
        '--validate <data>',
        'videos to validate with, a folder or a CSV (default: a share of the data)',
      ).conflicts('validateShare'),
    )
    .option(
      '--validate-share <share>',
      "of each class's videos, set apart to validate with: below 1, at least one video of each class; 0 for none",
      shareBelowOne,
      0.1,
    )
    .option('--from <checkpoint>', 'fine-tune this model: a path or URL')
    .option('--freeze-body', 'train the head alone')
    .addOption(sizeOption())
    .addOption(formOption())
    .option('--image-size <size>', 'rows x columns of a frame, such as 224 or 96x128', imageSize)
    .option('--frames <n>', 'frames of a clip', positiveInteger)
    .addOption(framesPerSecondOption())
    .addOption(cropOption())
    .option(
      '--remat',
      'compute activations again in the backward pass: less memory, a third more time',
    )
    .option('--skip-broken', 'leave out videos that cannot be read, and name them')
    .addOption(
      new Option(
        '--unchecked',
        'start without opening each video once; one that cannot be read then ends the run when its turn comes',
      ).conflicts('skipBroken'),
    )
    .option('--checkpoint-seconds <n>', 'seconds between checkpoints', positiveNumber, 60)
    .addOption(imagesOption())
    .addHelpText(
      'after',
      `
A run goes on only with the same data and settings. Its learning rate ends at 0, so that it cannot be made longer: begin another
one with --from and its model.

Without --from, the model is new: --size Ti, --form released, 224x224, 32 frames, 12.5 a second. With it, what is not given is
that model's. In the folder: model/ (what classify and stream take), metrics.jsonl, and the checkpoint that the run goes on from.

Examples:
  trecvit train clips/ --out runs/mine --epochs 20
  trecvit train clips.csv --validate held-out.csv --out runs/b --from trecvit_B_k400.npz --freeze-body
  trecvit train gestures/ --out runs/g --image-size 64 --frames 16 --flips left:right
`,
    );
  const options = [
    ...trainOptions(),
    ...[...backendOptions(), ...downloadOptions(), ...outputOptions()],
  ];
  for (const option of options) command.addOption(option);
  command.action(async (data: string, flags: TrainFlags) => {
    if (flags.from !== undefined && (flags.size ?? flags.form) !== undefined) {
      command.error('error: --from was given with --size or --form, which are those of its model');
    }
    if (flags.freezeBody && flags.from === undefined) {
      command.error(
        'error: --freeze-body was given without --from; a new body has learned nothing',
      );
    }
    refuseIdleDownload(command, flags, { name: '--from', value: flags.from });
    if (flags.validate === undefined && flags.validateShare === 0) {
      const idle = (['evaluateEvery', 'clips', 'crops'] as const).find((name) => name in flags);
      if (idle !== undefined) {
        command.error(
          `error: ${flagOf(idle)} was given with --validate-share 0; nothing is evaluated then`,
        );
      }
    }
    const interrupted = `interrupted; go on with: ${commandLine('trecvit')}`;
    await runCommand(
      flags,
      async (context) => {
        const { train } = await import('./train.ts');
        await train(data, flags, context);
      },
      { interrupted },
    );
  });
}

function imageSize(text: string): readonly [rows: number, columns: number] {
  const [rows = 0, columns = rows, ...rest] = text.split('x').map(Number);
  const isSize = (side: number) => Number.isSafeInteger(side) && side > 0;
  if (!isSize(rows) || !isSize(columns) || rest.length > 0) {
    throw new InvalidArgumentError('It must be a size such as 224 or 96x128.');
  }
  return [rows, columns];
}
