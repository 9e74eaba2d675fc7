import { type Command, CommanderError } from 'commander';
import { reportError } from './report-error.ts';

/**
 * Runs a command line, whose commands throw (`exitOverride`): a wrong one ends with 2, a failure with one line on stderr and 1.
 *
 * @param args what follows the program's name.
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are not failures; everything else here is a wrong command line.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      reportError(program.name(), error);
    }
  }
}
