import { readFile } from 'node:fs/promises';
import { RunError } from '@neverend/checkpoint/node';

/** Names of classes, one a line. @throws RunError when there is none. @throws the file system's error. */
export async function readLabels(path: string): Promise<string[]> {
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '')
    throw new RunError(`${path} is empty; it must have the name of a class on each line`);
  return text.split('\n').map((name) => name.trim());
}
