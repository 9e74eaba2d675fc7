import {
  backendOptions,
  integer,
  notNegative,
  outputOptions,
  positiveInteger,
  positiveNumber,
} from '@neverend/command-line';
import { type Command, InvalidArgumentError } from 'commander';
import type { SampleFlags } from './flags.ts';
import { runCommand } from './run-command.ts';

export function addSample(program: Command): void {
  const command = program
    .command('sample')
    .showHelpAfterError('(peer sample --help shows how)')
    .description('write on, token by token')
    .argument('<model>', 'the folder of a run or of a model')
    .option('--prompt <text>', 'what comes before; nothing begins a text', '')
    .option('--tokens <n>', 'how many are drawn; fewer where the text ends', positiveInteger, 200)
    .option('--temperature <t>', 'below 1 for likelier tokens, 0 for the likeliest', notNegative, 1)
    .option('--top-k <n>', 'draw among so many of the likeliest (default: all)', positiveInteger)
    .option(
      '--top-p <p>',
      'draw among the likeliest with this probability together',
      probability,
      1,
    )
    .option('--seed <integer>', 'other draws by another one', integer, 0)
    .addHelpText(
      'after',
      `
The text is written as it is drawn. Bytes that are no UTF-8 are written as U+FFFD.

Examples:
  peer sample runs/small --prompt "My fellow citizens," --temperature 0.8
  peer sample runs/small --top-p 0.9 --seed 3 --json
`,
    );
  for (const option of [...backendOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (model: string, flags: SampleFlags) => {
    await runCommand(flags, async (context) => {
      const { sample } = await import('./sample.ts');
      await sample(model, flags, context);
    });
  });
}

function probability(text: string): number {
  const value = positiveNumber(text);
  if (value > 1) throw new InvalidArgumentError('It must be a number above 0 and up to 1.');
  return value;
}
