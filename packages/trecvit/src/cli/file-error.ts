import { hasCode, RunError } from '@neverend/checkpoint/node';

/** Says what is the matter with a file in the place of the system. @param what names it, such as by its flag. */
export function fileError(what: string, wanted: string, cause: unknown): RunError {
  return new RunError(`${what} ${reasonOf(cause)}; it must be ${wanted}`, { cause });
}

function reasonOf(cause: unknown): string {
  if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return 'does not exist';
  if (hasCode(cause, 'EISDIR')) return 'is a folder';
  if (hasCode(cause, 'EACCES', 'EPERM')) return 'may not be read by this user';
  return `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
}
