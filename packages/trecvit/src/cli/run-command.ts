import { commandRunner, type RunCommand } from '@neverend/command-line';

export type { CommandContext } from '@neverend/command-line';

/** See `commandRunner`. */
export const runCommand: RunCommand = commandRunner('trecvit');
