import { readFile } from 'node:fs/promises';
import { RunError } from '@neverend/checkpoint/node';

/** Names of classes, one a line. @throws RunError when there are not as many as classes. @throws the file system's error. */
export async function readLabels(path: string, classes: number): Promise<string[]> {
  const names = (await readFile(path, 'utf8'))
    .trim()
    .split(/\r?\n/)
    .map((name) => name.trim());
  if (names.length !== classes) {
    throw new RunError(
      `${path} has ${names.length} lines; the model has ${classes} classes, and needs a name for each`,
    );
  }
  return names;
}
