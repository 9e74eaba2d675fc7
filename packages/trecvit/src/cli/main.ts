import { CommanderError } from 'commander';
import { trecvitProgram } from './program.ts';
import { reportError } from './report-error.ts';

/** Runs the command line. @param args what follows the program's name. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await trecvitProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are not failures; everything else here is a wrong command line.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      reportError(error);
    }
  }
}
