import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const tools = fileURLToPath(new URL('..', import.meta.url));
let workspace: string;

function write(file: string, content: string): void {
  mkdirSync(dirname(join(workspace, file)), { recursive: true });
  writeFileSync(join(workspace, file), content);
}

// The real scripts, with a setup that does nothing.
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-interruption-'));
  mkdirSync(join(workspace, 'tools'));
  for (const name of readdirSync(tools).filter((file) => file.endsWith('.mjs'))) {
    copyFileSync(join(tools, name), join(workspace, 'tools', name));
  }
  mkdirSync(join(workspace, 'tmp'));
  write('tools/setup.mjs', 'export async function setUp() {}');
  write('package.json', '{ "packageManager": "pnpm@1.0.0" }');
  write('packages/first/package.json', '{ "name": "first", "version": "1.0.0", "exports": {} }');
  write('packages/second/package.json', '{ "name": "second", "version": "1.0.0", "exports": {} }');
});
afterEach(() => rmSync(workspace, { recursive: true }));

/** A CommonJS program that says that it runs, and runs on. */
const endless = () =>
  `require('node:fs').writeFileSync(${JSON.stringify(join(workspace, 'running'))}, '');
  setInterval(() => {}, 1000);`;

/** Sends Ctrl-C, as a terminal does, to a script and all that it started, once something in there hangs. */
function interrupt(script: string) {
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn(process.execPath, [join(workspace, 'tools', script)], {
      detached: true,
      env: { TMPDIR: join(workspace, 'tmp') },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const timer = setInterval(() => {
      if (!existsSync(join(workspace, 'running')) || child.pid === undefined) return;
      clearInterval(timer);
      process.kill(-child.pid, 'SIGINT');
    }, 20);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, output });
    });
  });
}

// Windows has no signals: a process there ends at once.
describe.runIf(process.platform !== 'win32')('Ctrl-C', () => {
  it('stops the checks: what comes after the one that ran is not started', async () => {
    write('node_modules/@biomejs/biome/bin/biome', endless());
    expect(await interrupt('check.mjs')).toEqual({ code: 130, output: '' });
    expect(readdirSync(join(workspace, 'tmp'))).toEqual([]);
  });

  it('stops the checks also when the tool ends in its own way', async () => {
    write(
      'node_modules/@biomejs/biome/bin/biome',
      `process.on('SIGINT', () => process.exit(1)); ${endless()}`,
    );
    expect(await interrupt('check.mjs')).toEqual({ code: 130, output: '' });
  });

  it('stops the pack test: no package counts as failed', async () => {
    write('node_modules/vitest/package.json', '{}');
    write('node_modules/turbo/bin/turbo', '');
    write(
      'tools/node_modules/@neverend/backend/package.json',
      '{ "type": "module", "exports": { "./testing": "./testing.js" } }',
    );
    write(
      'tools/node_modules/@neverend/backend/testing.js',
      "export const findChromium = () => '/a/browser';",
    );
    write(
      '.tools/pnpm-1.0.0/node_modules/pnpm/bin/pnpm.cjs',
      `if (process.argv[2] === 'install') { ${endless()} }`,
    );
    expect(await interrupt('pack.mjs')).toEqual({ code: 130, output: '' });
    expect(readdirSync(join(workspace, 'tmp'))).toEqual([]);
  });
});
