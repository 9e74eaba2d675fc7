import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { installNpmPeers } from '../src/npm-peers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string;
};
const pnpm = join(
  ...[root, '.tools', packageManager.replace('@', '-')],
  ...['node_modules', 'pnpm', 'bin', 'pnpm.cjs'],
);

let scratch: string;
let workspace: string;

function write(file: string, content: object | string): void {
  const path = join(workspace, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

function install(folder: string, ...flags: readonly string[]): void {
  const { status, stdout } = spawnSync(process.execPath, [pnpm, 'install', '--offline', ...flags], {
    cwd: join(workspace, folder),
    encoding: 'utf8',
  });
  expect(stdout).toContain('Done in');
  expect(status).toBe(0);
}

// A workspace with one member and, beside it, benchmarks/peers with this repository's own settings; what they depend on is
// packed in files, so that nothing is fetched.
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'neverend-peers-'));
  workspace = join(scratch, 'workspace');
  for (const name of ['used', 'peer']) {
    write(`${name}/package.json`, { name, version: '1.0.0', main: 'index.js' });
    write(`${name}/index.js`, '');
    spawnSync(process.execPath, [pnpm, 'pack', '--pack-destination', scratch], {
      cwd: join(workspace, name),
    });
  }
  write('package.json', { private: true, packageManager });
  write('pnpm-workspace.yaml', 'packages: [member]\n');
  write('member/package.json', { dependencies: { used: `file:${scratch}/used-1.0.0.tgz` } });
  write('benchmarks/peers/package.json', {
    dependencies: { peer: `file:${scratch}/peer-1.0.0.tgz` },
  });
  cpSync(
    join(root, 'benchmarks', 'peers', 'pnpm-workspace.yaml'),
    join(workspace, 'benchmarks', 'peers', 'pnpm-workspace.yaml'),
  );
  vi.stubEnv('CI', 'true');
  vi.stubEnv('npm_config_store_dir', join(scratch, 'store'));
  install('.', '--no-frozen-lockfile');
  install('benchmarks/peers', '--no-frozen-lockfile', '--lockfile-only');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

it('installs the peers alone, and leaves the modules of a workspace whose store has moved', () => {
  vi.stubEnv('npm_config_store_dir', join(scratch, 'moved-store'));
  const said: string[] = [];
  const peers = join(workspace, 'benchmarks', 'peers');
  installNpmPeers((line) => said.push(line), peers);
  expect(existsSync(join(peers, 'node_modules', 'peer', 'index.js'))).toBe(true);
  expect(existsSync(join(workspace, 'member', 'node_modules', 'used', 'index.js'))).toBe(true);
  // The second time there is nothing to do.
  installNpmPeers((line) => said.push(line), peers);
  expect(said).toHaveLength(1);
});
