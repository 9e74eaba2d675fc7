import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeFiles } from './tensorflow/made-project.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsx = import.meta.resolve('tsx');

/** Runs the command in a project without packages: their kernels would all be compared. */
function cli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = mkdtempSync(join(tmpdir(), 'neverend-cli-')),
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(
    process.execPath,
    ['--conditions=@neverend/source', '--import', tsx, join(root, 'src', 'cli.ts'), ...args],
    { cwd, encoding: 'utf8', env: { ...process.env, ...env }, timeout: 100_000 },
  );
}

/** A kernel that every backend runs as a composite, in a package that only `project/node_modules/outer` can see. */
function makeProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'neverend-cli-'));
  const inner = 'node_modules/outer/node_modules/inner';
  writeFiles(project, {
    'package.json': JSON.stringify({ dependencies: { outer: '1' } }),
    'node_modules/outer/package.json': JSON.stringify({
      name: 'outer',
      dependencies: { inner: '1', torn: '1' },
    }),
    [`${inner}/package.json`]: JSON.stringify({
      ...{ name: 'inner', version: '1.2.3', type: 'module', neverend: { kernels: '.' } },
      exports: { '.': { types: './none.d.ts', require: './none.cjs', import: './main.js' } },
    }),
    [`${inner}/main.js`]: `
      import { defineKernel } from ${JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href)};
      const copy = { compute: ({ inputs: { x } }) => [x.clone()] };
      defineKernel({
        name: 'InnerCopy', composite: ({ inputs: { x } }) => [x.clone()], cases: [], flops: () => 0,
        backendKernels: { wasm: copy },
      });`,
    'node_modules/torn/package.json': JSON.stringify({
      ...{ name: 'torn', main: 'main.js', neverend: { kernels: '.' } },
    }),
    'node_modules/torn/main.js': "throw new Error('torn apart');",
  });
  return project;
}

describe('neverend-backend doctor', () => {
  it('prints a table with a line for each backend, and what auto takes', () => {
    const { status, stdout } = cli(['doctor']);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(`Node ${process.versions.node}, ${process.platform} ${process.arch}`);
    expect(lines[2]).toMatch(/^backend +version +device/);
    for (const name of ['tensorflow', 'webgpu', 'wasm', 'cpu']) {
      const [line, ...more] = lines.filter((text) => text.startsWith(`${name} `));
      expect(line).toMatch(/ (4\.\d+\.\d+ +\S|- +absent: \S)/);
      expect(more).toEqual([]);
    }
    expect(stdout).toMatch(/^wasm +4\.22\.0 +CPU, WebAssembly SIMD, \d+ threads?$/m);
    expect(lines.at(-1)).toMatch(/^auto takes (tensorflow|webgpu|wasm)$/);
  });

  it('prints one JSON object that says the same', () => {
    const { status, stdout } = cli(['doctor', '--json']);
    expect(status).toBe(0);
    const diagnosis = JSON.parse(stdout) as {
      backends: { name: string; available: boolean }[];
      auto: { name: string; softwareGpu: boolean; kept: boolean };
    };
    expect(diagnosis.backends.map(({ name }) => name)).toEqual([
      'tensorflow',
      'webgpu',
      'wasm',
      'cpu',
    ]);
    expect(diagnosis.backends).toContainEqual({
      available: true,
      name: 'wasm',
      version: '4.22.0',
      device: expect.stringMatching(/^CPU, WebAssembly SIMD, \d+ threads?$/),
      hardwareGpu: false,
      softwareGpu: false,
    });
    expect(diagnosis.auto).toMatchObject({ softwareGpu: false, kept: false });
    const taken = diagnosis.backends.find(({ name }) => name === diagnosis.auto.name);
    expect(taken?.available).toBe(true);
  });

  it.runIf(process.platform === 'linux')('tells what mends an absent GPU', () => {
    const none = '/dev/null';
    const { status, stdout } = cli(['doctor'], { VK_ICD_FILENAMES: none, VK_DRIVER_FILES: none });
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^webgpu +- +absent: no GPU adapter was found\n +mend it: install a Vulkan/m,
    );
  });

  it('shows the kernels of packages that the project has by way of others', () => {
    const { status, stdout } = cli(['doctor'], {}, makeProject());
    expect(status).toBe(0);
    expect(stdout).toMatch(/^kernels on wasm: 2 of 2 are .*\n {2}@neverend\/backend 1, inner 1$/m);
    expect(stdout).toMatch(/^kernels of torn are not known, since it does not load: torn apart$/m);
  });

  it('prints its usage and its version', () => {
    const help = cli(['--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Usage: neverend-backend doctor/);
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
      version: string;
    };
    expect(cli(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    { args: [], message: 'a command is missing' },
    {
      args: ['nurse'],
      message: 'command was "nurse"; it must be "doctor", "install" or "build-wasm"',
    },
    { args: ['doctor', 'wasm'], message: 'doctor takes no arguments; got "wasm"' },
    { args: ['doctor', '--wheel', 'x.whl'], message: 'doctor takes no --wheel' },
    { args: ['install', 'wasm'], message: 'install takes no arguments; got "wasm"' },
    { args: ['install', '--check'], message: 'install takes no --check' },
    { args: ['build-wasm', '--json'], message: 'build-wasm takes no --json' },
    { args: ['install', '--wheel'], message: "Option '--wheel <value>' argument missing" },
    { args: ['doctor', '--jsno'], message: "backend: Unknown option '--jsno' (see" },
    { args: ['install', '--out', 'x'], message: "backend: Unknown option '--out' (see" },
    { args: ['install', '--wheel', ''], message: '--wheel was empty; it must be the path of' },
  ])('answers the wrong usage $args with one line and status 2', ({ args, message }) => {
    const { status, stdout, stderr } = cli(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^neverend-backend: .*\(see neverend-backend --help\)\n$/);
    expect(stderr).toContain(message);
  });
});
