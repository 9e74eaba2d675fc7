import { commandRunner } from '@neverend/command-line';

export type { CommandContext } from '@neverend/command-line';

/** See `commandRunner`. */
export const runCommand: ReturnType<typeof commandRunner> = commandRunner('trecvit');
