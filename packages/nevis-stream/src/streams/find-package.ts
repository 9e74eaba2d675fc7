import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The folder of an optional package: as this package sees it, or as the current folder does, for a `nevis`
 * that is installed elsewhere.
 *
 * @returns undefined when it is not installed.
 */
export function findPackage(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not visible from here.
    }
  }
  return undefined;
}
