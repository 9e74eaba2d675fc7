import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { isSystemError, RunError } from '@neverend/checkpoint/node';
import type { TextDocument } from '../document.ts';
import { dataSetNames, isDataSet, readDataSet } from './data-sets.ts';

/** Texts, and what was left out of them. */
export interface Texts {
  readonly documents: readonly TextDocument[];
  /** Names of what was left out, each with the reason: `notes/x.png: binary`. */
  readonly leftOut: readonly string[];
}

/**
 * Reads texts: files, all files of folders and of folders in them, and data sets by their names. A file that is named is taken as bytes, whatever it holds. Of
 * folders, hidden files are passed over, and those with a NUL in their first 8,000 bytes are left out, as git tells binary files. Empty ones are left out everywhere.
 *
 * @param except a folder whose files are passed over: that of a run, which may lie among its texts.
 * @throws RunError where a source is missing or cannot be read, and where nothing is left.
 */
export async function readTexts(sources: readonly string[], except?: string): Promise<Texts> {
  const documents: TextDocument[] = [];
  const leftOut: string[] = [];
  for (const source of sources) {
    const found: readonly Found[] = isDataSet(source)
      ? await readDataSet(source)
      : await readPath(source, except);
    for (const { name, bytes, isFound } of found) {
      const isBinary = isFound && bytes.subarray(0, 8000).includes(0);
      if (bytes.length === 0) leftOut.push(`${name}: empty`);
      else if (isBinary) leftOut.push(`${name}: binary`);
      else documents.push({ name, bytes });
    }
  }
  if (documents.length === 0) {
    const why = leftOut.length === 0 ? 'no files' : leftOut.join(', ');
    throw new RunError(`there is no text in ${sources.join(', ')} (${why})`);
  }
  return { documents, leftOut };
}

interface Found extends TextDocument {
  /** In a folder, rather than named. */
  readonly isFound?: boolean;
}

async function readPath(path: string, except: string | undefined): Promise<Found[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ name: path, bytes: await readFile(path) }];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !isHidden(file.slice(path.length)) && !isBelow(file, except))
      .sort();
    const read = files.map(async (file) =>
      (await stat(file)).isFile()
        ? [{ name: file, bytes: await readFile(file), isFound: true }]
        : [],
    );
    return (await Promise.all(read)).flat();
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT')) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RunError(`${path} cannot be read (${reason})`, { cause });
    }
    throw new RunError(
      `${path} does not exist; a text is a file, a folder, or one of ${dataSetNames.join(', ')}`,
      { cause },
    );
  }
}

const isBelow = (file: string, folder: string | undefined): boolean =>
  folder !== undefined && resolve(file).startsWith(resolve(folder) + sep);

const isHidden = (path: string): boolean => /(^|[/\\])\./.test(path);
