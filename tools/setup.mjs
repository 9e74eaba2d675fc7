// Sets up everything that the workspace needs, with nothing but Node and its npm. Cheap when nothing changed,
// safe to interrupt, to repeat and to run twice at once.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdingLock } from './setup-lock.mjs';
import {
  elapsed,
  findNpm,
  Interrupted,
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

/** Brings pnpm and the dependencies to what the lockfile says. @throws Error of one line. */
export async function setUp() {
  requireNode();
  if (await isComplete()) return;
  await mkdir(tools, { recursive: true });
  await holdingLock(
    lock,
    async () => {
      if (!existsSync(pnpmScript)) await installPnpm();
      if (!(await isComplete())) await installDependencies();
    },
    () => say('setup: waiting for another setup of this workspace'),
  );
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
  }).catch((error) => {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(`installing ${what} was interrupted; the next run does it again`);
  });
  if (code === 0) return;
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(output)
  ) {
    throw new Error(`cannot install ${what}: no connection to the npm registry`);
  }
  process.stderr.write(output);
  throw new Error(`cannot install ${what}: the messages above say why`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setUp();
    return 0;
  });
}
