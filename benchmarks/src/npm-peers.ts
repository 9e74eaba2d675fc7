import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const peers = join(root, 'benchmarks', 'peers');
const requireFrom = (folder: string) => createRequire(join(folder, 'package.json'));

/** A package of `benchmarks/peers`. @throws Error where it is not installed. */
export const requirePeer = (name: string): unknown => requireFrom(peers)(name);

/**
 * Installs the packages of `benchmarks/peers`, of the versions that its lockfile names, where they are not there yet. They
 * have 430 MB, which the setup spares those who run no benchmark.
 *
 * @param folder a workspace of its own: pnpm empties every folder of modules of the workspace that it installs in, where
 *   these came from another store than today's.
 * @throws Error with the reason where it cannot be done.
 */
export function installNpmPeers(say: (line: string) => void, folder: string = peers): void {
  try {
    const { dependencies } = readManifest(folder) as { dependencies: object };
    for (const name of Object.keys(dependencies)) requireFrom(folder).resolve(name);
    return;
  } catch {
    say('installing ONNX Runtime into benchmarks/peers (about 430 MB)');
  }
  const { packageManager } = readManifest(root) as { packageManager: string };
  const pnpm = join(root, '.tools', packageManager.replace('@', '-'), 'node_modules', 'pnpm');
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [
      ...[join(pnpm, 'bin', 'pnpm.cjs'), 'install', '--frozen-lockfile', '--prefer-offline'],
      '--config.confirm-modules-purge=false',
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status === 0) return;
  throw new Error(
    `pnpm could not install it: ${error?.message ?? stdout.trim().split('\n').at(-1)}`,
  );
}

const readManifest = (folder: string): unknown =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
