import { backendOptions, outputOptions, positiveInteger } from '@neverend/command-line';
import { type Command, Option } from 'commander';
import type { EvalFlags } from './flags.ts';
import { runCommand } from './run-command.ts';

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .showHelpAfterError('(peer eval --help shows how)')
    .description(
      'how well a model foretells texts: perplexity, bits a byte, beside gzip and counts',
    )
    .argument('<model>', 'the folder of a run or of a model')
    .argument('[texts...]', 'as train takes them (default: those that the run held out)')
    .addOption(
      new Option('--windows <n>', 'only so many windows, spread over the texts').argParser(
        positiveInteger,
      ),
    )
    .option('--no-baselines', 'leave out gzip -9 and the counts of three bytes before')
    .addHelpText(
      'after',
      `
Each byte is foretold once, from half a context or more before it. Feed-forward layers that pick experts are also left out, one at a
time, to show what they are worth.

Examples:
  peer eval runs/small
  peer eval runs/small moby-dick --json
`,
    );
  for (const option of [...backendOptions(), ...outputOptions()]) command.addOption(option);
  command.action(async (model: string, texts: readonly string[], flags: EvalFlags) => {
    await runCommand(flags, async (context) => {
      const { evaluate } = await import('./eval.ts');
      await evaluate(model, texts, flags, context);
    });
  });
}
