import { checkEmpty, checkThreads, statusHelp } from '@neverend/command-line';
import { Command } from 'commander';
import { addClassify } from './classify-command.ts';
import { addCompare } from './compare-command.ts';
import { addConvert } from './convert-command.ts';
import { addInfo } from './info-command.ts';
import { addStream } from './stream-command.ts';
import { addTrain } from './train-command.ts';
import { version } from './version.ts';

/**
 * The command line. TensorFlow.js takes a second to load, which help and a wrong command line need not wait for: nothing here imports
 * what computes, but each command does when it runs.
 */
export function trecvitProgram(): Command {
  const program = new Command('trecvit')
    .description(
      'TRecViT: a causal video model that sees a stream at the same cost for every frame',
    )
    .version(version())
    .exitOverride()
    .showHelpAfterError('(trecvit --help shows how)')
    .addHelpText(
      'after',
      `
${statusHelp('trecvit')}

Examples:
  trecvit classify wave.mp4
  trecvit stream street.mp4 --every 1 --json
  trecvit train clips/ --out runs/mine
  trecvit info --size B
`,
    );
  program.hook('preAction', checkThreads).hook('preAction', checkEmpty);
  addClassify(program);
  addStream(program);
  addTrain(program);
  addCompare(program);
  addConvert(program);
  addInfo(program);
  return program;
}
