import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, expect, it } from 'vitest';

// What needs a process of its own: signals, and what is loaded. The rest is in `cli/`.
const cli = await bundleForNode(new URL('../src/cli.ts', import.meta.url));

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const end = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, end };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peer-process-'));
  await mkdir(join(folder, 'texts'));
  for (const name of ['one.txt', 'two.txt']) {
    await writeFile(join(folder, 'texts', name), 'the cat sat on the mat. '.repeat(30));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('loads TensorFlow.js only where something is computed', async () => {
  const tell = `import Module from 'node:module';
    process.on('exit', () => {
      const loaded = Object.keys(Module._cache).filter((file) => file.includes('tfjs-core'));
      process.stderr.write('TensorFlow.js: ' + loaded.length);
    });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
  const [wrong, help] = await Promise.all([
    start(['info', '--fast'], { NODE_OPTIONS }).end,
    start(['train', '--help'], { NODE_OPTIONS }).end,
  ]);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/unknown option '--fast'.*TensorFlow\.js: 0$/s);
  expect(help).toMatchObject({ code: 0, stderr: 'TensorFlow.js: 0' });
});

it('says how Vega is installed where a plot has none', async () => {
  // As Node has it where a package is absent.
  const absent = `export async function resolve(name, context, next) {
      return next(/^vega/.test(name) ? name + '-of-nobody' : name, context);
    }`;
  const hook = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(absent)}));`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
  const { end } = start(['inspect', folder, '--plot', 'usage.svg'], { NODE_OPTIONS });
  expect(await end).toEqual({
    code: 1,
    stdout: '',
    stderr: 'peer: plots are drawn by Vega, which is not installed: npm install vega vega-lite\n',
  });
});

// On Windows a process ends at once.
it.runIf(process.platform !== 'win32')('goes on to the same numbers after Ctrl-C', async () => {
  const args = (out: string) => [
    ...[
      'train',
      join(folder, 'texts'),
      '--out',
      join(folder, out),
      '--tokens',
      'bytes',
      '--width',
      '16',
    ],
    ...['--heads', '1', '--context', '16', '--blocks', 'dense', '--steps', '300'],
    ...['--batch-size', '1', '--evaluate-every', '100', '--backend', 'wasm', '--threads', '1'],
  ];
  const linesOf = async (out: string) =>
    (await readFile(join(folder, out, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => ({ ...JSON.parse(line), seconds: 0 }));
  // What lies among the texts is none of them.
  const stopped = 'texts/run';
  const whole = await start(args('whole')).end;
  expect(whole).toMatchObject({ code: 0 });
  const { child, end } = start(args(stopped));
  child.stderr?.on('data', (data) => {
    if (String(data).includes('train: ')) child.kill('SIGINT');
  });
  const { code, stderr } = await end;
  expect(code).toBe(130);
  expect(stderr).toContain(`interrupted; go on with: peer train ${folder}`);
  const { length } = await linesOf(stopped);
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThan(303);
  expect((await start(args(stopped)).end).code).toBe(0);
  expect(await linesOf(stopped)).toEqual(await linesOf('whole'));
});
