// Sets up everything that the workspace needs, with nothing but Node and its npm. Cheap when nothing changed,
// safe to interrupt, to repeat and to run twice at once.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  elapsed,
  findNpm,
  main,
  pnpmFolder,
  pnpmScript,
  pnpmVersion,
  root,
  runNode,
  runPnpm,
  say,
} from './workspace.mjs';

const tools = join(root, '.tools');
const lock = join(tools, 'setup.lock');
const stamp = join(root, 'node_modules', '.complete');
const heartbeat = 1000;
const staleAfter = 10_000;

/** Brings pnpm and the dependencies to what the lockfile says. @throws Error of one line. */
export async function setUp() {
  requireNode();
  if (await isComplete()) return;
  await mkdir(tools, { recursive: true });
  await holdingLock(async () => {
    if (!existsSync(pnpmScript)) await installPnpm();
    if (!(await isComplete())) await installDependencies();
  });
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(
    `Node is ${process.versions.node}; it must be 20.19 or newer (https://nodejs.org)`,
  );
}

/** What an install depends on; the stamp holds it once the install is complete. */
async function fingerprint() {
  const hash = createHash('sha256').update(`${pnpmVersion} ${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(await readFile(join(root, file)));
  }
  return hash.digest('hex');
}

async function isComplete() {
  if (!existsSync(pnpmScript) || !existsSync(stamp)) return false;
  return (await readFile(stamp, 'utf8')) === (await fingerprint());
}

async function installPnpm() {
  const start = Date.now();
  say(`setup: installing pnpm ${pnpmVersion} into .tools`);
  for (const name of await readdir(tools)) {
    if (name.startsWith('unfinished-')) await rm(join(tools, name), { recursive: true });
  }
  const unfinished = join(tools, `unfinished-${process.pid}`);
  await mkdir(unfinished);
  await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n');
  const flags = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--prefer-offline',
    '--loglevel=error',
  ];
  await install(`pnpm ${pnpmVersion}`, (capture) =>
    runNode([findNpm(), 'install', ...flags, `pnpm@${pnpmVersion}`], {
      cwd: unfinished,
      env: process.env,
      capture,
    }),
  );
  await rm(pnpmFolder, { recursive: true, force: true });
  await rename(unfinished, pnpmFolder);
  say(`setup: pnpm ${pnpmVersion} is ready (${elapsed(start)})`);
}

async function installDependencies() {
  const start = Date.now();
  say('setup: installing the dependencies that pnpm-lock.yaml names');
  const done = await fingerprint();
  await rm(stamp, { force: true });
  await install('the dependencies', (capture) =>
    runPnpm(
      [
        'install',
        '--frozen-lockfile',
        '--reporter=append-only',
        '--config.confirm-modules-purge=false',
      ],
      { capture },
    ),
  );
  await writeFile(`${stamp}.${process.pid}`, done);
  await rename(`${stamp}.${process.pid}`, stamp);
  say(`setup: the dependencies are ready (${elapsed(start)})`);
}

/**
 * @param {string} what
 * @param {(capture: (text: string) => void) => Promise<number>} step
 */
async function install(what, step) {
  let output = '';
  const code = await step((text) => {
    output += text;
  });
  if (code === 0) return;
  if (code > 128) throw new Error(`installing ${what} was interrupted; the next run does it again`);
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(output)
  ) {
    throw new Error(`cannot install ${what}: no connection to the npm registry`);
  }
  process.stderr.write(output);
  throw new Error(`cannot install ${what}: the messages above say why`);
}

/**
 * Runs `work` while no other process of this workspace sets up. A lock is left behind when its process is gone,
 * or, where another machine or container shares the folder, when nobody has touched it for a while.
 * @param {() => Promise<void>} work
 */
async function holdingLock(work) {
  for (let waited = false; !(await takeLock()); waited = true) {
    if (!waited) say('setup: waiting for another setup of this workspace');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, heartbeat);
  try {
    await work();
  } finally {
    clearInterval(beat);
    await rm(lock, { force: true });
  }
}

async function takeLock() {
  try {
    await writeFile(lock, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  // Only one of the processes that wait can rename it away.
  if (await isLeftBehind()) {
    const taken = `${lock}.${process.pid}`;
    await rename(lock, taken).then(
      () => rm(taken, { force: true }),
      () => undefined,
    );
  }
  return false;
}

async function isLeftBehind() {
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs > staleAfter) return true;
    const holder = Number(await readFile(lock, 'utf8'));
    if (holder > 0) process.kill(holder, 0);
    return false;
  } catch (error) {
    // ESRCH: no such process. Anything else: the lock was just given back, or is another user's.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setUp();
    return 0;
  });
}
