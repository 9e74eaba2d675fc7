import { CheckpointError } from './checkpoint-error.ts';

/** Runs `read`; a CheckpointError from it then names the file. */
export async function inFile<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw naming(path, error);
  }
}

/** The same for what is read piece by piece. */
export async function* eachInFile<T>(
  path: string,
  pieces: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    throw naming(path, error);
  }
}

function naming(path: string, error: unknown): unknown {
  if (!CheckpointError.isInstance(error)) return error;
  return new CheckpointError(`${path}: ${error.message}`, { cause: error });
}
