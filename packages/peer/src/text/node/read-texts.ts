import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { hasCode, RunError } from '@neverend/checkpoint/node';
import type { TextDocument } from '../document.ts';
import { dataSetNames, isDataSet, readDataSet } from './data-sets.ts';
import { digestOf } from './digest.ts';

/** Texts, and what was left out of them. */
export interface Texts {
  readonly documents: readonly TextDocument[];
  /** Names of what was left out, each with the reason: `notes/x.png: binary`. */
  readonly leftOut: readonly string[];
  /** Names of what was there before, each with that one: `notes/link.txt (as notes/a.txt)`. */
  readonly duplicates: readonly string[];
}

/**
 * Reads texts: files, all files of folders and of folders in them, and data sets by their names. A file that is named is taken as bytes, whatever it holds. Of
 * folders, hidden files are passed over, and those with a NUL in their first 8,000 bytes are left out, as git tells binary files. Empty ones are left out everywhere.
 * What comes twice, as the same file or with the same bytes, is taken once: else a text could be learned from and held out, too.
 *
 * @param except a folder whose files are passed over: that of a run, which may lie among its texts.
 * @throws RunError where a source is missing or cannot be read, and where nothing is left.
 */
export async function readTexts(sources: readonly string[], except?: string): Promise<Texts> {
  const documents: TextDocument[] = [];
  const leftOut: string[] = [];
  const duplicates: string[] = [];
  // Names by what makes a text the same: the file behind all links, and the bytes.
  const known = new Map<string, string>();
  for (const source of sources) {
    const found: readonly Found[] = isDataSet(source)
      ? await readDataSet(source)
      : await readPath(source, except);
    for (const { name, bytes, isFound, file } of found) {
      const isBinary = isFound && bytes.subarray(0, 8000).includes(0);
      const marks = [digestOf(bytes), ...(file === undefined ? [] : [file])];
      const twin = marks.map((mark) => known.get(mark)).find((one) => one !== undefined);
      if (bytes.length === 0) leftOut.push(`${name}: empty`);
      else if (isBinary) leftOut.push(`${name}: binary`);
      else if (twin !== undefined) duplicates.push(`${name} (as ${twin})`);
      else {
        documents.push({ name, bytes });
        for (const mark of marks) known.set(mark, name);
      }
    }
  }
  if (documents.length === 0) {
    const why = leftOut.length === 0 ? 'no files' : leftOut.join(', ');
    throw new RunError(`there is no text in ${sources.join(', ')} (${why})`);
  }
  return { documents, leftOut, duplicates };
}

interface Found extends TextDocument {
  /** In a folder, rather than named. */
  readonly isFound?: boolean;
  /** Its path with all links followed. */
  readonly file?: string;
}

async function readPath(path: string, except: string | undefined): Promise<Found[]> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return [{ name: path, file: await fileBehind(path), bytes: await readFile(path) }];
    }
    const passedOver = except === undefined ? undefined : (await fileBehind(except)) + sep;
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((name) => !isHidden(name.slice(path.length)))
      .sort();
    const read = names.map(async (name) => {
      const file = await fileBehind(name);
      const isOfRun = passedOver !== undefined && file.startsWith(passedOver);
      if (isOfRun || !(await stat(name)).isFile()) return [];
      return [{ name, file, bytes: await readFile(name), isFound: true }];
    });
    return (await Promise.all(read)).flat();
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RunError(`${path} cannot be read (${reason})`, { cause });
    }
    throw new RunError(
      `${path} does not exist; a text is a file, a folder, or one of ${dataSetNames.join(', ')}`,
      { cause },
    );
  }
}

/** The path with all links followed, where it leads somewhere: pipes have none. */
const fileBehind = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

const isHidden = (path: string): boolean => /(^|[/\\])\./.test(path);
