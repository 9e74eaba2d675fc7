import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publicPackages } from '../packages.mjs';
import { root, toolEnvironment, toolScript } from '../workspace.mjs';

interface Task {
  readonly package: string;
  readonly directory: string;
  readonly inputs: Readonly<Record<string, string>>;
}

function node(...args: string[]): string {
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    env: toolEnvironment(),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

const { tasks: all } = JSON.parse(
  node(toolScript('turbo', 'bin', 'turbo'), 'run', 'typecheck', '--dry=json'),
) as { tasks: Task[] };
// Names of packages alone, without a line of code.
const tasks = all.filter((task) => task.package !== '@neverend/benchmark-peers');

describe('turbo', () => {
  it('type-checks every package', () => {
    const names = publicPackages().map(({ manifest }) => manifest.name);
    expect(tasks.map((task) => task.package).sort()).toEqual(
      [...names, '@neverend/benchmarks', '@neverend/tools', '@neverend/trecvit'].sort(),
    );
  });

  it.each(tasks)('type-checks $package again when any file that this reads changes', (task) => {
    const folder = join(root, task.directory);
    const inputs = Object.keys(task.inputs).map((file) => join(folder, file));
    const read = node(toolScript('typescript7', 'bin', 'tsc'), '--listFilesOnly', '-p', folder)
      .trim()
      .split('\n')
      .filter((file) => !file.includes('/node_modules/'));
    expect(read).not.toEqual([]);
    expect(read.filter((file) => !inputs.includes(file))).toEqual([]);
    expect(inputs.filter((file) => file.includes('/node_modules/'))).toEqual([]);
  });
});
