import { backendOptions, outputOptions, positiveInteger } from '@neverend/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InspectFlags } from './flags.ts';
import { runCommand } from './run-command.ts';

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .showHelpAfterError('(peer inspect --help shows how)')
    .description('which experts and values the tokens of texts pick, and how evenly')
    .argument('<model>', 'the folder of a run or of a model')
    .argument('[texts...]', 'as train takes them (default: those that the run held out)')
    .addOption(
      new Option('--windows <n>', 'only so many windows, spread over the texts').argParser(
        positiveInteger,
      ),
    )
    .option(
      '--plot <file.svg>',
      'draw picks by rank, and a map of the picks of two sets of keys',
      svgFile,
    )
    .addHelpText(
      'after',
      `
Coverage is the share of the items that were picked at all. Unevenness is the KL divergence of their weights from even ones, in nats: 0 where all
items have the same weight, the logarithm of their number where one has all of it. As even are so many effective items. A dead key is part of no item that was picked.

Examples:
  peer inspect runs/small
  peer inspect runs/small moby-dick --plot usage.svg --json
`,
    );
  for (const option of [...backendOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (model: string, texts: readonly string[], flags: InspectFlags) => {
    await runCommand(flags, async (context) => {
      const { inspect } = await import('./inspect.ts');
      await inspect(model, texts, flags, context);
    });
  });
}

function svgFile(path: string): string {
  if (!path.toLowerCase().endsWith('.svg')) {
    throw new InvalidArgumentError('It must end with .svg: a plot is drawn as one.');
  }
  return path;
}
