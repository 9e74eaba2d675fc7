import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the peers need; one environment holds them all. */
const packages = [
  ...['numpy==2.4.6', 'torch==2.13.0', 'jax==0.10.2', 'tensorflow-cpu==2.21.0'],
  'faiss-cpu==1.15.1',
];
/** Those that have wheels for all of the packages, best first. */
const interpreters = ['python3.11', 'python3.12', 'python3.13'];

const folder = fileURLToPath(new URL('../.venv', import.meta.url));
const python = join(folder, 'bin', 'python');
const stamp = join(folder, 'packages.txt');

/**
 * The interpreter of `benchmarks/.venv`, which is made, or made anew, where it is not what this version needs.
 *
 * @throws Error with the reason where it cannot be made.
 */
export function pythonEnvironment(say: (line: string) => void): string {
  const wanted = packages.join('\n');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  const base = interpreters.find((name) => succeeds(name, ['-c', 'import venv, ensurepip']));
  if (base === undefined) {
    throw new Error(`none of ${interpreters.join(', ')} is here with its venv module`);
  }
  say(`making ${folder} with ${base}: ${packages.join(' ')} (about 1 GB)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  must(base, ['-m', 'venv', folder]);
  must(python, ['-m', 'pip', 'install', ...packages]);
  writeFileSync(stamp, wanted);
  return python;
}

function succeeds(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

function must(file: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1);
  throw new Error(`${[file, ...args.slice(0, 3)].join(' ')} failed: ${reason}`);
}
