// How packages are laid out: the files of a kernel's folder, and what may import what. Each fault is one sentence.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { filesBelow, importsOf, place } from './imports.mjs';
import { workspacePackages } from './packages.mjs';
import { root } from './workspace.mjs';

/** @typedef {import('./imports.mjs').Import} Import */

const required = ['index.ts', 'types.ts', 'naive.ts', 'composite.ts', 'cases.ts'];
const optional = 'gradient.ts';

/**
 * What is wrong with kernels' folders and with what packages' sources reach.
 * @param {string} [workspace] its root
 * @returns {string[]}
 */
export function corridorFaults(workspace = root) {
  const packages = packagesOf(workspace);
  return packages.flatMap((one) => [
    ...kernelFolders(one).flatMap((folder) => folderFaults(workspace, folder)),
    ...gradientTypes(workspace, one),
    ...testTools(workspace, packages, one),
  ]);
}

/**
 * Imports that reach into another package's `src`.
 * @param {string} [workspace] its root
 * @returns {string[]}
 */
export function sourceFaults(workspace = root) {
  const packages = workspacePackages(workspace);
  return packages.flatMap((one) =>
    filesBelow(one.folder, /\.(ts|mts|mjs|js|cc|h)$/).flatMap((file) =>
      importsOf(file).flatMap(({ specifier }) => {
        const path = specifier.startsWith('.') ? resolve(dirname(file), specifier) : undefined;
        const other = packages.find(
          ({ folder, manifest }) =>
            folder !== one.folder &&
            (path === undefined
              ? `${specifier}/`.startsWith(`${manifest.name}/src/`)
              : `${path}${sep}`.startsWith(join(folder, 'src', sep))),
        );
        if (other === undefined) return [];
        const { name } = other.manifest;
        return [`${place(workspace, file)} imports ${specifier}, which is of the src of ${name}.`];
      }),
    ),
  );
}

/** The packages below `packages`. */
const packagesOf = (/** @type {string} */ workspace) =>
  workspacePackages(workspace).filter(({ folder }) => dirname(folder).endsWith(`${sep}packages`));

/**
 * The folders of operations with kernels. The backend has none: its own `kernels` are the contract and the runtimes.
 * @param {import('./packages.mjs').WorkspacePackage} workspacePackage
 */
function kernelFolders({ folder, manifest }) {
  const src = join(folder, 'src');
  if (manifest.name === '@neverend/backend' || !existsSync(src)) return [];
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name === 'kernels')
    .map((entry) => entry.parentPath)
    .sort();
}

/**
 * @param {string} workspace
 * @param {string} folder
 */
function folderFaults(workspace, folder) {
  const names = readdirSync(folder).sort();
  const known = [...required, optional, 'kernels'];
  const gradient = join(folder, optional);
  return [
    ...required
      .filter((name) => !names.includes(name))
      .map((name) => `${place(workspace, folder)} has kernels and no ${name}.`),
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => {
        const file = place(workspace, join(folder, name));
        return `${file} has no place beside kernels: what it holds belongs in ${known.join(', ')}.`;
      }),
    ...(names.includes(optional) && !/\bdefineKernel\b/.test(readFileSync(gradient, 'utf8'))
      ? [`${place(workspace, gradient)} defines no kernel; there is such a file only where one is.`]
      : []),
  ];
}

/**
 * Types that come from a `gradient.ts`, which imports the kernels that would import them.
 * @param {string} workspace
 * @param {import('./packages.mjs').WorkspacePackage} workspacePackage
 */
function gradientTypes(workspace, { folder }) {
  return filesBelow(folder, /\.ts$/).flatMap((file) =>
    importsOf(file)
      .filter(({ specifier, ofType }) => ofType && /(^|\/)gradient(\.ts)?$/.test(specifier))
      .map(
        ({ specifier }) =>
          `${place(workspace, file)} takes a type from ${specifier}; it belongs in types.ts.`,
      ),
  );
}

/**
 * Where a package's sources import vitest, themselves or through others. Entries for tests may.
 * @param {string} workspace
 * @param {readonly import('./packages.mjs').WorkspacePackage[]} packages
 * @param {import('./packages.mjs').WorkspacePackage} one
 */
function testTools(workspace, packages, one) {
  const src = join(one.folder, 'src');
  const forTests = (/** @type {string} */ file) =>
    file === join(src, 'testing.ts') || file.startsWith(join(src, 'testing', sep));
  const direct = (existsSync(src) ? filesBelow(src, /\.ts$/) : [])
    .filter((file) => !forTests(file) && importsOf(file).some(isVitest))
    .map((file) => `${place(workspace, file)} imports vitest, and is not for tests.`);
  const reached = sourceEntries(one)
    .map(({ file }) => file)
    .filter((file) => !forTests(file))
    .flatMap((entry) => {
      const way = wayToVitest(packages, entry);
      if (way === undefined || way.length === 1) return [];
      const steps = way.slice(1).map((file) => place(workspace, file));
      return [`${place(workspace, entry)} reaches vitest by way of ${steps.join(', ')}.`];
    });
  return [...direct, ...reached];
}

const isVitest = (/** @type {Import} */ { specifier }) => /^(vitest|@vitest)(\/|$)/.test(specifier);

/**
 * The files from an entry to the first that imports vitest, both among them; undefined where there is none.
 * @param {readonly import('./packages.mjs').WorkspacePackage[]} packages
 * @param {string} entry
 */
function wayToVitest(packages, entry) {
  /** @type {Map<string, readonly string[]>} */
  const ways = new Map([[entry, [entry]]]);
  for (const [file, way] of ways) {
    for (const found of importsOf(file)) {
      if (isVitest(found)) return way;
      const next = sourceOf(packages, file, found.specifier);
      if (next !== undefined && !ways.has(next)) ways.set(next, [...way, next]);
    }
  }
  return undefined;
}

/**
 * The source file of this workspace that a specifier leads to, if it leads to one.
 * @param {readonly import('./packages.mjs').WorkspacePackage[]} packages
 * @param {string} file
 * @param {string} specifier
 */
function sourceOf(packages, file, specifier) {
  if (specifier.startsWith('.')) {
    const path = resolve(dirname(file), specifier);
    return path.endsWith('.ts') && existsSync(path) ? path : undefined;
  }
  return packages.flatMap(sourceEntries).find(({ name }) => name === specifier)?.file;
}

/**
 * The entries of a package by what others import, each with its source.
 * @param {import('./packages.mjs').WorkspacePackage} workspacePackage
 */
function sourceEntries({ folder, manifest }) {
  return Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    const source = typeof target === 'string' ? undefined : target['@neverend/source'];
    const name = `${manifest.name}${path.slice(1)}`;
    return source === undefined ? [] : [{ name, file: join(folder, source) }];
  });
}
