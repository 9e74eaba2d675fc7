import { createRequire } from 'node:module';
import { checkEmpty, checkThreads, statusHelp } from '@neverend/command-line';
import { Command } from 'commander';
import { addEval } from './eval-command.ts';
import { addInfo } from './info-command.ts';
import { addInspect } from './inspect-command.ts';
import { addSample } from './sample-command.ts';
import { addTrain } from './train-command.ts';

/**
 * The command line. TensorFlow.js takes a second to load, which help and a wrong command line need not wait for: nothing here imports
 * what computes, but each command does when it runs.
 */
export function peerProgram(): Command {
  const { version } = createRequire(import.meta.url)('@neverend/peer/package.json');
  const program = new Command('peer')
    .description(
      'language models of dense layers, mixtures of experts, product-key memories and PEER',
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('(peer --help shows how)')
    .hook('preAction', checkThreads)
    .hook('preAction', checkEmpty)
    .addHelpText(
      'after',
      `
${statusHelp('peer')}

Examples:
  peer train --preset small
  peer eval runs/small
  peer inspect runs/small --plot usage.svg
  peer sample runs/small --prompt "My fellow citizens,"
  peer info --preset small
`,
    );
  for (const add of [addTrain, addEval, addInspect, addSample, addInfo]) add(program);
  return program;
}
