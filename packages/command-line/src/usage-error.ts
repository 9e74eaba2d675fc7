/** A command line that is wrong, where `parseArgs` of Node reads it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit status of a program that ends with this error: 2 for a wrong command line, else 1. */
export function exitStatus(error: unknown): 1 | 2 {
  const isOfNode =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return isOfNode || error instanceof UsageError ? 2 : 1;
}
