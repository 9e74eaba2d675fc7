import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNpm } from '../workspace.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Vitest's own variables would change what the inner one does.
const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' };

function node(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}

describe('the test configuration', () => {
  // Of a file with a process of its own, and of one that shares it.
  it("runs from a package's own folder, by that package's own script", () => {
    const folder = join(root, 'packages', 'checkpoint');
    const args = ['run', 'test', '--', 'half', 'test/model-folder'];
    const { status, output } = node(folder, findNpm(), ...args);
    expect(output).toMatch(/Test Files +2 passed/);
    expect(output).toContain('@neverend/checkpoint in shared processes');
    expect(status).toBe(0);
  });

  describe('in a workspace with a focused test', () => {
    let workspace: string;
    beforeEach(() => {
      workspace = mkdtempSync(join(tmpdir(), 'neverend-vitest-'));
      const folder = join(workspace, 'packages', 'focused');
      mkdirSync(join(folder, 'test'), { recursive: true });
      copyFileSync(join(root, 'vitest.config.ts'), join(workspace, 'vitest.config.ts'));
      symlinkSync(join(root, 'node_modules'), join(workspace, 'node_modules'));
      writeFileSync(join(workspace, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(folder, 'package.json'), '{ "name": "focused", "type": "module" }');
      writeFileSync(
        join(folder, 'test', 'focused.test.ts'),
        "import { it } from 'vitest';\nit.only('runs', () => {});\nit('is silenced', () => {});\n",
      );
    });
    afterEach(() => rmSync(workspace, { recursive: true }));

    it('fails', () => {
      const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
      const { status, output } = node(workspace, vitest, 'run');
      expect(output).toContain('Unexpected .only modifier');
      expect(status).toBe(1);
    });
  });
});
