import { CheckpointError } from './checkpoint-error.ts';

/** Runs `read`; a CheckpointError from it then names the file. */
export async function inFile<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    throw new CheckpointError(`${path}: ${error.message}`, { cause: error });
  }
}
