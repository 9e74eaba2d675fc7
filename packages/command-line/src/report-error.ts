/** One line on stderr, with the stack and those of its causes below where the variable `<PROGRAM>_DEBUG` is set, and an exit status of 1. */
export function reportError(program: string, error: unknown): void {
  process.stderr.write(`${program}: ${messageOf(error)}\n`);
  if (process.env[`${program.toUpperCase()}_DEBUG`]) {
    for (let at = error; at instanceof Error; at = at.cause) process.stderr.write(`${at.stack}\n`);
  }
  process.exitCode = 1;
}

/** What an error says, in one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return inWords(message).replaceAll(/\s*\n\s*/g, ' ');
}

/** `x: permission denied` for the system's `EACCES: permission denied, open 'x'`. */
function inWords(message: string): string {
  const [, reason, path] = /^E[A-Z\d]+: (.+), \w+ '(.+?)'(?: -> '.+')?$/.exec(message) ?? [];
  return path === undefined ? message : `${path}: ${reason}`;
}

/** What the help of a program says of its streams and exit statuses. */
export const statusHelp = (program: string): string =>
  `Results are on stdout, all else is on stderr. Exit status: 0 when all went well, 1 when something failed, 2 for wrong usage,
130 when interrupted. ${program.toUpperCase()}_DEBUG=1 shows where an error came from.`;
