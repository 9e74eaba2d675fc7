import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Results } from './results.ts';

/** The results that are kept, a file for each machine. */
export const resultsFolder: URL = new URL('../results/', import.meta.url);

/** All of them, in the order of their files' names. */
export function readResults(): Results[] {
  if (!existsSync(resultsFolder)) return [];
  const files = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'));
  return files
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, resultsFolder), 'utf8')) as Results);
}
