import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runPnpm } from './workspace.mjs';

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {Record<string, string | Record<string, string>>} exports
 * @property {{ kernels: string }} [neverend]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */

/**
 * @typedef {object} WorkspacePackage
 * @property {string} folder
 * @property {Manifest} manifest
 */

/**
 * Every package of the workspace, found by its folder: those below `packages`, the demo, the benchmarks, the examples, the experiments and the tools.
 * @param {string} [workspace] its root
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages(workspace = root) {
  const packages = join(workspace, 'packages');
  const folders = readdirSync(packages).map((name) => join(packages, name));
  return [
    ...folders,
    ...['apps/demo', 'benchmarks', 'examples', 'experiments', 'tools'].map((name) =>
      join(workspace, name),
    ),
  ]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }));
}

/** Those of them that are published. */
export const publicPackages = (/** @type {string | undefined} */ workspace = undefined) =>
  workspacePackages(workspace).filter(({ manifest }) => !manifest.private);

/** @returns {Manifest} */
export const readManifest = (/** @type {string} */ folder) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/**
 * Packs built packages as they would be published, and resolves to the tarball of each, by package name.
 * @param {readonly WorkspacePackage[]} packages
 * @param {string} destination an existing folder
 */
export async function packAll(packages, destination) {
  /** @type {Map<string, string>} */
  const tarballs = new Map();
  for (const { folder, manifest } of packages) {
    let output = '';
    const code = await runPnpm(['pack', '--pack-destination', destination], {
      cwd: folder,
      capture: (text) => {
        output += text;
      },
    });
    if (code !== 0) throw new Error(`cannot pack ${manifest.name}:\n${output}`);
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    tarballs.set(manifest.name, join(destination, file));
  }
  return tarballs;
}
