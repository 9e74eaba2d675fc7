import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { parse } from 'csv-parse/sync';
import type { VideoEntry } from './video-entry.ts';

interface Line {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/**
 * The videos of a CSV file: a path and a label on each line, or, where its first line names a column `path` and a column
 * `label`, these two. Paths are relative to the file.
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
  const hasHeader = names.includes('path') && names.includes('label');
  const [pathAt, labelAt] = hasHeader ? [names.indexOf('path'), names.indexOf('label')] : [0, 1];
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
