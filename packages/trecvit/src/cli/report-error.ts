/** One line on stderr, with the stack below where TRECVIT_DEBUG is set, and an exit status of 1. */
export function reportError(error: unknown): void {
  process.stderr.write(`trecvit: ${messageOf(error)}\n`);
  if (process.env['TRECVIT_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  process.exitCode = 1;
}

/** What an error says, in one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
