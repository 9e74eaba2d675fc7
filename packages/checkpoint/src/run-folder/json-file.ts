import { writeFileAtomic } from '../write-file-atomic.ts';
import { readFileIfPresent } from './files.ts';
import { RunError } from './run-error.ts';

/** JSON with sorted keys, so that equal values give equal bytes. */
export function stableJson(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner;
  return `${JSON.stringify(value, sorted, 2)}\n`;
}

/** Writes `value` atomically; see `stableJson`. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, stableJson(value));
}

/**
 * The value in a JSON file, or undefined when there is no such file.
 *
 * @throws RunError naming the file when its content is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RunError(`${path} is not JSON; restore it or delete it`, { cause });
  }
}

/** Where two JSON values differ, as `a.b.c: 1 became 2`, one line per leaf. */
export function jsonDifferences(before: unknown, after: unknown, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      jsonDifferences(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  }
  const show = (value: unknown) => {
    const text = value === undefined ? 'nothing' : JSON.stringify(value);
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  };
  return [`${path}: ${show(before)} became ${show(after)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object';
}
