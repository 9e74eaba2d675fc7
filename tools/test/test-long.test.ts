import { spawn, spawnSync } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const tools = fileURLToPath(new URL('..', import.meta.url));
let workspace: string;
/** Its whole name in `process.env` would make this a long test file. */
const variable = 'NEVEREND_LONG';

function write(file: string, content: string): void {
  mkdirSync(dirname(join(workspace, file)), { recursive: true });
  writeFileSync(join(workspace, file), content);
}

// The real scripts, with a setup that does nothing, and an `npm test` that notes how it was called and hangs at files
// of the second package.
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-test-long-'));
  mkdirSync(join(workspace, 'tools'));
  for (const name of readdirSync(tools).filter((file) => file.endsWith('.mjs'))) {
    copyFileSync(join(tools, name), join(workspace, 'tools', name));
  }
  write('package.json', '{ "packageManager": "pnpm@1.0.0" }');
  write('.gitignore', '.tools/\ncalls\nhang\n');
  write('tools/setup.mjs', 'export async function setUp() {}');
  write(
    'tools/test.mjs',
    `import { appendFileSync, existsSync } from 'node:fs';
    const [, , ...files] = process.argv;
    appendFileSync('calls', [process.env.${variable}, ...files].join(' ') + '\\n');
    if (existsSync('hang') && files[0].includes('second')) setInterval(() => {}, 1000);
    else console.log('3 passed, 1 failed');`,
  );
  for (const name of ['first', 'second', 'short']) {
    const condition = name === 'short' ? 'true' : `process.env['${variable}']`;
    write(`packages/${name}/package.json`, JSON.stringify({ name: `@neverend/${name}` }));
    write(`packages/${name}/test/a.test.ts`, `it.runIf(${condition})('is', () => {});`);
  }
  spawnSync('git', ['init', '--quiet'], { cwd: workspace });
});
afterEach(() => rmSync(workspace, { recursive: true }));

const calls = () => readFileSync(join(workspace, 'calls'), 'utf8').trim().split('\n');

function testLong(...args: readonly string[]): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(workspace, 'tools', 'test-long.mjs'), ...args], {
      cwd: workspace,
      detached: true,
      env: { PATH: process.env['PATH'] },
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const { pid } = child;
      if (!text.includes('=== second\n') || pid === undefined) return;
      if (!existsSync(join(workspace, 'hang'))) return;
      const hanging = setInterval(() => {
        if (!calls().at(-1)?.includes('second')) return;
        clearInterval(hanging);
        // As a terminal does at Ctrl-C.
        process.kill(-pid, 'SIGINT');
      }, 50);
    });
    child.on('close', (code) => resolve({ code, stdout }));
  });
}

describe('npm run test:long', () => {
  it('has a part for each package with long tests, found by its folder', async () => {
    const { stdout } = await testLong('--list');
    expect(JSON.parse(stdout)).toEqual(['composites', 'natives', 'node-24', 'first', 'second']);
  });

  it('runs the long tests of a part, and adds up their sums', async () => {
    const { code, stdout } = await testLong('first');
    expect({ code, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 1,
      last: '3 passed, 1 failed',
    });
    expect(calls()).toEqual(['1 packages/first/test/a.test.ts']);
  });

  it('refuses a part that does not exist', async () => {
    expect((await testLong('third')).code).toBe(1);
  });

  // Windows has no signals: a process there ends at once.
  it.runIf(process.platform !== 'win32')(
    'goes on with the part that was stopped, and begins anew once a file changed',
    async () => {
      write('hang', '');
      const parts = ['first', 'second'];
      expect((await testLong(...parts)).code).toBe(130);
      rmSync(join(workspace, 'hang'));
      const { stdout } = await testLong(...parts);
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('6 passed, 2 failed');
      const files = parts.map((name) => `1 packages/${name}/test/a.test.ts`);
      expect(calls()).toEqual([files[0], files[1], files[1]]);

      write('hang', '');
      expect((await testLong(...parts)).code).toBe(130);
      rmSync(join(workspace, 'hang'));
      write('packages/short/test/a.test.ts', '');
      await testLong(...parts);
      expect(calls().slice(3)).toEqual([...files, ...files]);
    },
  );
});
