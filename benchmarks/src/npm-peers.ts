import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = join(root, 'benchmarks', 'peers', 'package.json');
const require = createRequire(manifest);

/** A package of `benchmarks/peers`. @throws Error where it is not installed. */
export const requirePeer = (name: string): unknown => require(name);

/**
 * Installs the packages of `benchmarks/peers`, of the versions that the lockfile names, where they are not there yet. They
 * have 430 MB, which the setup spares those who run no benchmark.
 *
 * @throws Error with the reason where it cannot be done.
 */
export function installNpmPeers(say: (line: string) => void): void {
  try {
    const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: object };
    for (const name of Object.keys(dependencies)) require.resolve(name);
    return;
  } catch {
    say('installing ONNX Runtime into benchmarks/peers (about 430 MB)');
  }
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  const folder = join(root, '.tools', packageManager.replace('@', '-'), 'node_modules', 'pnpm');
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [
      ...[join(folder, 'bin', 'pnpm.cjs'), '--filter', '@neverend/benchmark-peers', 'install'],
      ...['--frozen-lockfile', '--prefer-offline', '--config.confirm-modules-purge=false'],
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status === 0) return;
  throw new Error(
    `pnpm could not install it: ${error?.message ?? stdout.trim().split('\n').at(-1)}`,
  );
}
