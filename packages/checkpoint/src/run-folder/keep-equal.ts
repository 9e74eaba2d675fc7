import { jsonDifferences, readJson, stableJson, writeJson } from './json-file.ts';
import { RunError } from './run-error.ts';

/**
 * Writes what a run depends on into a JSON file where there is none, and refuses to go on where there is another one.
 *
 * @param what is in it, such as `settings`, for the message. @throws RunError naming what differs.
 */
export async function keepEqual(path: string, value: unknown, what: string): Promise<void> {
  const before = await readJson(path);
  if (before === undefined) {
    await writeJson(path, value);
    return;
  }
  const differences = jsonDifferences(before, JSON.parse(stableJson(value)));
  if (differences.length > 0) {
    const more = differences.length > 3 ? `; and ${differences.length - 3} more` : '';
    throw new RunError(
      `${path} was written by a run with other ${what} (${differences.slice(0, 3).join('; ')}${more}); use another folder`,
    );
  }
}
