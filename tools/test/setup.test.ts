import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const tools = fileURLToPath(new URL('..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(tools, '..', 'package.json'), 'utf8')) as {
  packageManager: string;
};

let workspace: string;

// A workspace with the real scripts and no dependencies.
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-setup-'));
  mkdirSync(join(workspace, 'tools'));
  for (const name of ['setup.mjs', 'setup-lock.mjs', 'workspace.mjs']) {
    copyFileSync(join(tools, name), join(workspace, 'tools', name));
  }
  writeFileSync(join(workspace, 'package.json'), JSON.stringify({ private: true, packageManager }));
  writeFileSync(join(workspace, 'pnpm-workspace.yaml'), 'packages: []\n');
  writeFileSync(
    join(workspace, 'pnpm-lock.yaml'),
    "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\nimporters:\n\n  .: {}\n",
  );
});
afterEach(() => rmSync(workspace, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
}

function setUp(env: NodeJS.ProcessEnv = {}, killAfter?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(workspace, 'tools', 'setup.mjs')], {
      // Its own process group, so that npm and pnpm die with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Neither npm nor pnpm on the PATH, as on a machine where only `node` was linked.
      env: { HOME: process.env['HOME'], PATH: '/nowhere', ...env },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const { pid } = child;
    if (killAfter !== undefined && pid !== undefined) {
      setTimeout(() => {
        try {
          process.kill(-pid, 'SIGKILL');
        } catch {
          // It was done before.
        }
      }, killAfter);
    }
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

const pnpm = () =>
  join(workspace, '.tools', packageManager.replace('@', '-'), 'node_modules', 'pnpm');
const leftovers = () =>
  readdirSync(join(workspace, '.tools')).filter((name) => !name.startsWith('pnpm-'));

describe('setup', () => {
  it('installs the pinned pnpm and the dependencies once, and is silent when nothing changed', async () => {
    const first = await setUp();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain('dependencies are ready');
    expect(existsSync(pnpm())).toBe(true);
    expect(await setUp()).toEqual({ code: 0, stderr: '' });
  });

  it('installs the dependencies again when the lockfile changed, and not pnpm', async () => {
    await setUp();
    writeFileSync(join(workspace, 'pnpm-lock.yaml'), '\n', { flag: 'a' });
    const { code, stderr } = await setUp();
    expect(code).toBe(0);
    expect(stderr).toContain('installing the dependencies');
    expect(stderr).not.toContain('installing pnpm');
  });

  it('runs three times at once, and one of them does the work', async () => {
    const outcomes = await Promise.all([setUp(), setUp(), setUp()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    const workers = outcomes.filter(({ stderr }) => stderr.includes('installing pnpm'));
    expect(workers).toHaveLength(1);
    expect(leftovers()).toEqual([]);
  });

  it.each(process.env['NEVEREND_LONG'] === '1' ? [100, 500, 1000, 1500] : [800])(
    'mends what a kill after %d ms left behind',
    async (killAfter) => {
      await setUp({}, killAfter);
      expect(await setUp()).toMatchObject({ code: 0 });
      expect(leftovers()).toEqual([]);
      expect(await setUp()).toEqual({ code: 0, stderr: '' });
    },
  );

  it('says in one line that there is no network', async () => {
    const { code, stderr } = await setUp({
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(workspace, 'cache'),
    });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^error: cannot install pnpm .*: no connection to the npm registry$/,
    );
  });
});
