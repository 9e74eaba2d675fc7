import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedCase } from '../src/testing/op-case.ts';

const packages = join(import.meta.dirname, '..', '..');

/** The `op-cases.ts` of all packages, found by name, since this one must not depend on those that depend on it. */
export const opCaseFiles: readonly string[] = readdirSync(packages)
  .map((name) => join(packages, name, 'test', 'op-cases.ts'))
  .filter((file) => existsSync(file));

/** The cases in them. */
export async function allOpCases(): Promise<NamedCase[]> {
  for (const name of ['attention', 'backend', 'lru', 'nn', 'optim']) {
    const file = join(packages, name, 'test', 'op-cases.ts');
    if (!opCaseFiles.includes(file)) throw new Error(`there is no ${file}`);
  }
  const modules = await Promise.all(opCaseFiles.map((file) => import(/* @vite-ignore */ file)));
  return modules.flatMap(({ opCases }: { opCases: NamedCase[] }) => opCases);
}
