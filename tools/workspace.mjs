import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds the workspace. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @type {{ packageManager: string }} */
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The version of pnpm that the workspace pins. */
export const pnpmVersion = manifest.packageManager.replace('pnpm@', '');

/** Where `setUp` puts that pnpm. */
export const pnpmFolder = join(root, '.tools', `pnpm-${pnpmVersion}`);
export const pnpmScript = join(pnpmFolder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/**
 * The variables of this process, with a PATH on which the pinned pnpm, the workspace's tools and this very
 * Node come first, whatever else the machine has.
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment() {
  const path = [
    join(pnpmFolder, 'node_modules', '.bin'),
    join(root, 'node_modules', '.bin'),
    dirname(process.execPath),
    process.env['PATH'] ?? '',
  ].join(delimiter);
  return { ...process.env, PATH: path };
}

/** Path of a script inside a package that the root of the workspace depends on. */
export const toolScript = (/** @type {string[]} */ ...parts) =>
  join(root, 'node_modules', ...parts);

/** Ctrl-C, or a request of the system to end: not a failure, and nothing more is done. The message may be empty. */
export class Interrupted extends Error {}

/** What a program ends with that SIGINT or SIGTERM ended. Other signals are crashes. */
const interruptions = [128 + constants.signals.SIGINT, 128 + constants.signals.SIGTERM];

/**
 * Runs a program to its end and resolves to its exit code (128 + n after signal n).
 * With `capture` its output, without colours, goes to that function instead of to this process's own streams.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: (text: string) => void }} [options]
 * @returns {Promise<number>}
 * @throws {Interrupted} when SIGINT or SIGTERM came meanwhile, to the program or to this process
 */
export function run(command, args, { cwd = root, env = toolEnvironment(), capture } = {}) {
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.ProcessEnv} */
    const plain = { ...env, NO_COLOR: '1' };
    delete plain['FORCE_COLOR'];
    const child = spawn(command, args, {
      cwd,
      env: capture ? plain : env,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    if (capture) {
      child.stdout?.setEncoding('utf8').on('data', capture);
      child.stderr?.setEncoding('utf8').on('data', capture);
    }
    // A terminal sends Ctrl-C to the child too: let it finish its own way, and wait for it.
    let interrupted = false;
    const wait = () => {
      interrupted = true;
    };
    const forward = () => {
      interrupted = true;
      child.kill('SIGTERM');
    };
    process.on('SIGINT', wait);
    process.on('SIGTERM', forward);
    const settle = () => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', forward);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settle();
      const status = code ?? 128 + (signal ? constants.signals[signal] : 0);
      if (interrupted || interruptions.includes(status)) reject(new Interrupted());
      else resolve(status);
    });
  });
}

/**
 * Runs a Node script with this very Node.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export const runNode = (args, options) => run(process.execPath, args, options);

/**
 * Runs the pinned pnpm.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export const runPnpm = (args, options) => runNode([pnpmScript, ...args], options);

/** The script of the npm that belongs to this Node, wherever its installer put it. */
export function findNpm() {
  const home = dirname(process.execPath);
  const caller = process.env['npm_execpath'] ?? '';
  const found = [
    ...(caller.endsWith('npm-cli.js') ? [caller] : []),
    join(home, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ].find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`no npm beside ${process.execPath}: install Node with npm`);
  return found;
}

/** Seconds since `start` (from `Date.now()`), for people. */
export function elapsed(/** @type {number} */ start) {
  const seconds = (Date.now() - start) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Writes a line for people. */
export const say = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

/**
 * Runs a script's work; an error ends it with one line instead of a stack trace, an interruption with exit code 130.
 * @param {() => Promise<number>} work resolves to the exit code
 */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Interrupted) {
      if (message !== '') say(message);
      process.exitCode = 130;
      return;
    }
    say(`error: ${message}`);
    process.exitCode = 1;
  }
}
