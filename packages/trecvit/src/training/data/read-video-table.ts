import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { parse } from 'csv-parse/sync';
import type { VideoEntry } from './video-entry.ts';

interface Line {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** Names of the columns with the path and with the label. */
const columns = [
  ['path', 'file', 'filename', 'video'],
  ['label', 'class', 'category'],
];

/**
 * The videos of a CSV file: a path and a label on each line, or, where its first line names a column `path` (`file`, `filename`,
 * `video`) and a column `label` (`class`, `category`), these two. Paths are relative to the file.
 *
 * @throws RunError naming the file, and the line, where it is not such a file. @throws the file system's error.
 */
export async function readVideoTable(path: string): Promise<VideoEntry[]> {
  const text = await readFile(path, 'utf8');
  let records: Line[];
  try {
    records = parse(text, {
      ...{ bom: true, info: true, skip_empty_lines: true, trim: true, relax_column_count: true },
    }) as unknown as Line[];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RunError(`${path} is no CSV file: ${reason}`, { cause });
  }
  const names = records[0]?.record.map((name) => name.toLowerCase()) ?? [];
  const found = columns.map((known) => names.findIndex((name) => known.includes(name)));
  const hasHeader = !found.includes(-1);
  const [pathAt = 0, labelAt = 1] = hasHeader ? found : [];
  const rows = hasHeader ? records.slice(1) : records;
  if (rows.length === 0) throw new RunError(`${path} names no videos`);
  return rows.map(({ record, info }) => {
    const [video, label] = [record[pathAt], record[labelAt]];
    if (!video || !label || (!hasHeader && record.length !== 2)) {
      throw new RunError(
        `line ${info.lines} of ${path} is ${JSON.stringify(record.join(','))}; it must be a path and a label`,
      );
    }
    return { path: resolve(dirname(path), video), label };
  });
}
