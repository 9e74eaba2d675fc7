import { CommanderError } from 'commander';
import { trecvitProgram } from './cli/program.ts';
import { reportError } from './cli/report-error.ts';
import { endWithReader } from './cli/run-command.ts';

async function main(): Promise<void> {
  endWithReader();
  try {
    await trecvitProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are not failures; everything else here is a wrong command line.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      reportError(error);
    }
  }
}

void main();
