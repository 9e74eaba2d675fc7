import { runProgram } from '@neverend/command-line';
import { trecvitProgram } from './program.ts';

/** Runs the command line. @param args what follows the program's name. */
export const main = (args: readonly string[]): Promise<void> => runProgram(trecvitProgram(), args);
