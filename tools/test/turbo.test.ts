import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from '../packages.mjs';
import { root, toolEnvironment, toolScript } from '../workspace.mjs';

interface Task {
  readonly taskId: string;
  readonly package: string;
  readonly directory: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly dependencies: readonly string[];
}

function node(args: readonly string[], env = toolEnvironment()): string {
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

const turbo = toolScript('turbo', 'bin', 'turbo');
const { tasks } = JSON.parse(node([turbo, 'run', 'build', 'typecheck', 'test', '--dry=json'])) as {
  tasks: Task[];
};
const byId = new Map(tasks.map((task) => [task.taskId, task]));
const packages = workspacePackages();
const typechecks = tasks.filter(({ taskId }) => taskId.endsWith('#typecheck'));

/** A task and all that it depends on: when an input of one of them changes, it runs again. */
function closure(task: Task): Task[] {
  const all = new Set([task]);
  for (const member of all) {
    for (const id of member.dependencies) all.add(byId.get(id) as Task);
  }
  return [...all];
}

/** A package and every other of the workspace that it depends on, directly or not, by their manifests. */
function dependencies(name: string): string[] {
  const all = new Set([name]);
  for (const member of all) {
    const manifest = packages.find((candidate) => candidate.manifest.name === member)?.manifest;
    for (const other of Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies })) {
      if (packages.some((candidate) => candidate.manifest.name === other)) all.add(other);
    }
  }
  return [...all].sort();
}

describe('turbo', () => {
  it('type-checks every package', () => {
    expect(typechecks.map((task) => task.package).sort()).toEqual(
      packages.map(({ manifest }) => manifest.name).sort(),
    );
  });

  it.each(typechecks)(
    'type-checks $package again when any file that this reads changes',
    (task) => {
      const inputs = closure(task).flatMap(({ directory, inputs }) =>
        Object.keys(inputs).map((file) => join(root, directory, file)),
      );
      const read = node([
        ...[toolScript('typescript7', 'bin', 'tsc'), '--listFilesOnly'],
        ...['-p', join(root, task.directory)],
      ])
        .trim()
        .split('\n')
        .filter((file) => !file.includes('/node_modules/'));
      expect(read).not.toEqual([]);
      expect(read.filter((file) => !inputs.includes(file))).toEqual([]);
      expect(inputs.filter((file) => file.includes('/node_modules/'))).toEqual([]);
    },
  );

  it.each(tasks)('runs $taskId again for no package but those that it depends on', (task) => {
    const read = closure(task).flatMap(({ directory, inputs }) =>
      Object.keys(inputs).map((file) => join(root, directory, file)),
    );
    const owners = packages
      .filter(({ folder }) => read.some((file) => file.startsWith(join(folder, '/'))))
      .map(({ manifest }) => manifest.name);
    expect(owners.sort()).toEqual(dependencies(task.package));
  });
});

it.each(['build', 'typecheck'])('npm run %s needs no pnpm but the pinned one', (script) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [program, ...args] = (scripts[script] ?? '').split(' ');
  expect(program).toBe('node');
  const path = [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const output = node([...args, '--dry=json'], { HOME: process.env['HOME'], PATH: path });
  expect((JSON.parse(output) as { tasks: Task[] }).tasks).not.toEqual([]);
});
