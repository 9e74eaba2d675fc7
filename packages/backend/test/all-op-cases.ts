import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedCase } from '../src/testing/op-case.ts';

const packages = join(import.meta.dirname, '..', '..');

/**
 * The `op-cases.ts` of every package whose sources define a kernel, found by its folder, since this one must not depend on
 * those that depend on it.
 */
export const opCaseFiles: readonly string[] = readdirSync(packages)
  .filter((name) => sources(join(packages, name)).some((text) => /\bdefineKernel[<(]/.test(text)))
  .map((name) => join(packages, name, 'test', 'op-cases.ts'));

/** The cases in them. @throws Error where such a package has none. */
export async function allOpCases(): Promise<NamedCase[]> {
  const modules = await Promise.all(opCaseFiles.map((file) => import(/* @vite-ignore */ file)));
  return modules.flatMap(({ opCases }: { opCases: NamedCase[] }) => opCases);
}

function sources(folder: string): string[] {
  if (!readdirSync(folder).includes('src')) return [];
  return readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, 'src', name), 'utf8'));
}
