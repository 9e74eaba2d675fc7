import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as NevisOpen from '@neverend/nevis-open';

/**
 * The folder of an optional package: as this package sees it, or as the current folder does, for a `nevis`
 * that is installed elsewhere.
 *
 * @returns undefined when it is not installed.
 */
export function findPackage(name: string): string | undefined {
  for (const from of [import.meta.url, fromCurrentFolder()]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // The package cannot be seen from here.
    }
  }
  return undefined;
}

/** The package `@neverend/nevis-open`, found like `findPackage` does, or undefined. */
export async function importNevisOpen(): Promise<typeof NevisOpen | undefined> {
  if (!findPackage('@neverend/nevis-open')) return undefined;
  try {
    return await import('@neverend/nevis-open');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) {
      throw error;
    }
    const file = createRequire(fromCurrentFolder()).resolve('@neverend/nevis-open');
    return (await import(pathToFileURL(file).href)) as typeof NevisOpen;
  }
}

function fromCurrentFolder(): string {
  return join(process.cwd(), 'package.json');
}
