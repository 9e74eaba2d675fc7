/** A package whose kernels can be compiled. */
export interface KernelPackage {
  readonly name: string;
  readonly version: string;
  /** The package's folder, symbolic links resolved. */
  readonly folder: string;
  /** The folder that its package.json names. */
  readonly kernels: string;
}

/** This very package. @throws where it is not installed, as in a bundled program. */
export function backendFolder(): string {
  // Static imports of Node's modules would end up in bundles for browsers.
  const { createRequire } = process.getBuiltinModule('node:module');
  const { realpathSync } = process.getBuiltinModule('node:fs');
  const { dirname } = process.getBuiltinModule('node:path');
  const file = createRequire(import.meta.url).resolve('@neverend/backend/package.json');
  return realpathSync(dirname(file));
}

/** A package by its folder; undefined where its package.json declares no kernels. @throws where it has none, or a torn one. */
export function kernelPackage(folder: string): KernelPackage | undefined {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, neverend } = JSON.parse(text) as KernelPackage & {
    readonly neverend?: { readonly kernels?: string };
  };
  if (neverend?.kernels === undefined) return undefined;
  return { name, version, folder, kernels: join(folder, neverend.kernels) };
}

/** What of a package belongs to its kernels: the files in its folders `kernels` whose names end so, in order. */
export function kernelFiles({ kernels }: KernelPackage, ending: RegExp): string[] {
  const { readdirSync } = process.getBuiltinModule('node:fs');
  const { basename, join } = process.getBuiltinModule('node:path');
  return readdirSync(kernels, { recursive: true, withFileTypes: true })
    .filter(
      ({ name, parentPath }) =>
        ending.test(name) &&
        basename(parentPath) === 'kernels' &&
        !/[\\/]node_modules[\\/]/.test(parentPath.slice(kernels.length)),
    )
    .map(({ name, parentPath }) => join(parentPath, name))
    .sort();
}

/** Where the C++ of all packages finds `<neverend/…>`. */
export function includeFolder(): string {
  const { join } = process.getBuiltinModule('node:path');
  return join(backendFolder(), 'include');
}

/** The hash of the C++ of a package, wherever that lies; for this package it covers the headers for all as well. */
export function hashSources(of: KernelPackage): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
  const { join, relative, sep } = process.getBuiltinModule('node:path');
  const files = kernelFiles(of, /\.(cc|h)$/);
  if (of.name === '@neverend/backend') {
    const headers = join(of.folder, 'include', 'neverend');
    files.push(
      ...readdirSync(headers)
        .sort()
        .map((name) => join(headers, name)),
    );
  }
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${relative(of.folder, file).split(sep).join('/')}\0`);
    hash.update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}
