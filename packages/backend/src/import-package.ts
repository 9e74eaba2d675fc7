import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackendError } from './errors.ts';
import type { InstalledPackage } from './installed-packages.ts';
import { importInNode } from './platform.ts';

/** Imports the main entry of a package, wherever it lies: a project need not depend on it itself. */
export async function importPackage({ folder, manifest }: InstalledPackage): Promise<void> {
  const { exports, main = 'index.js' } = manifest;
  const path = exports === undefined ? main : target(mainExport(exports));
  if (path === undefined) throw new BackendError(`${manifest.name} has no main entry for Node`);
  await importInNode(pathToFileURL(join(folder, path)).href);
}

/** Those of an import in this process. */
function conditions(): readonly string[] {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const named = options.flatMap((option, index) => {
    if (option === '-C' || option === '--conditions') return options[index + 1] ?? [];
    return /^--conditions=(.*)$/.exec(option)?.[1] ?? [];
  });
  return [...named, 'import', 'node', 'default'];
}

function mainExport(exports: unknown): unknown {
  const isMap = typeof exports === 'object' && exports !== null && '.' in exports;
  return isMap ? exports['.'] : exports;
}

/** The file that conditions choose. */
function target(choice: unknown): string | undefined {
  if (typeof choice === 'string') return choice;
  if (typeof choice !== 'object' || choice === null) return undefined;
  const known = conditions();
  for (const [condition, value] of Object.entries(choice)) {
    const found = known.includes(condition) ? target(value) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
