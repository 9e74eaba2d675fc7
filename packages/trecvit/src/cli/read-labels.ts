import { readFile } from 'node:fs/promises';
import { RunError } from '@neverend/checkpoint/node';
import { fileError } from './file-error.ts';

/** Names of classes, one a line. @throws RunError when there is none, or no such file. */
export async function readLabels(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileError(`--labels ${path}`, 'a file with the name of a class on each line', cause);
  });
  if (text.trim() === '') {
    throw new RunError(`--labels ${path} is empty; it must have the name of a class on each line`);
  }
  return text
    .trim()
    .split('\n')
    .map((name) => name.trim());
}
