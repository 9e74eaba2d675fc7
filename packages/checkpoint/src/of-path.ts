import { dirname } from 'node:path';

/** What is wrong is the folder then, not the file that was to be made in it. */
const ofFolders = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'];

/**
 * Does something with a file under a name that its user does not know, or under none, as writing does.
 *
 * @param path what is meant. @throws what `work` throws; errors of the file system say `path`, or its folder where no file
 * can be made in that under another name.
 */
export async function ofPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // A file that was opened by its own name may be there, and be what cannot be written.
    const isDraft = error.syscall === 'open' && error.path !== path;
    const isOfFolder = isDraft && ofFolders.includes(error.code);
    error.path = isOfFolder ? dirname(path) : path;
    const [reason] = error.message.split(', ', 1);
    error.message = `${reason}, ${error.syscall} '${error.path}'`;
    throw error;
  }
}

/** What Node throws for a call of the system that failed. */
export interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  path?: string;
}

/** True for what a call of the system throws: of the disk, of open files, of memory. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
