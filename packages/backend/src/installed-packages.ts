import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Manifest, readManifest } from './workspace-folders.ts';

/** A package that a project has, directly or by way of others. */
export interface InstalledPackage {
  /** The package's folder, symbolic links resolved. */
  readonly folder: string;
  readonly manifest: Manifest;
}

const dependencyFields = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

/**
 * The packages in these folders and all that they depend on, each once and behind what it depends on. A dependency is looked for where Node looks: from the real folder of the package that names it.
 */
export function installedPackages(folders: readonly string[]): InstalledPackage[] {
  const found: InstalledPackage[] = [];
  const seen = new Set<string>();
  const visit = (folder: string, isOwn: boolean): void => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const manifest = readManifest(folder);
    if (manifest === undefined) return;
    const fields = isOwn ? ([...dependencyFields, 'devDependencies'] as const) : dependencyFields;
    const names = fields.flatMap((field) => Object.keys(manifest[field] ?? {}));
    for (const name of [...new Set(names)].sort()) {
      const dependency = findPackage(name, folder);
      if (dependency !== undefined) visit(dependency, false);
    }
    found.push({ folder, manifest });
  };
  for (const folder of folders) visit(realpathSync(folder), true);
  return found;
}

/** The real folder of a package as seen from this folder, whether or not its exports show its package.json. */
export function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}
