// `pnpm check`: every check that is not a test, one line each. Names on the command line limit it to those.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { corridorFaults, sourceFaults } from './corridor.mjs';
import { circleFaults } from './import-circles.mjs';
import { packAll, publicPackages, readManifest, workspacePackages } from './packages.mjs';
import { setUp } from './setup.mjs';
import { elapsed, main, run, runNode, toolScript } from './workspace.mjs';

/** @typedef {{ ok: boolean, output: string }} Outcome */

const packages = publicPackages();
const scratch = mkdtempSync(join(tmpdir(), 'neverend-check-'));
/** @type {Promise<Map<string, string>> | undefined} */
let packed;
const tarballs = () => {
  packed ??= packAll(packages, scratch);
  return packed;
};

/** @type {Record<string, () => Promise<Outcome>>} */
const checks = {
  biome: () =>
    tool([
      toolScript('@biomejs', 'biome', 'bin', 'biome'),
      'ci',
      '--error-on-warnings',
      '--diagnostic-level=warn',
      '--colors=off',
    ]),
  typecheck: () => turbo('run', 'typecheck', '--output-logs=errors-only'),
  'typecheck with TypeScript 7': () =>
    each(
      workspacePackages().map(({ folder }) => folder),
      (folder) =>
        tool([toolScript('typescript7', 'bin', 'tsc'), '-p', join(folder, 'tsconfig.json')]),
    ),
  knip: () => tool([toolScript('knip', 'bin', 'knip.js'), '--no-config-hints']),
  sherif: () => tool([toolScript('sherif', 'index.js'), '--fail-on-warnings']),
  boundaries: () => turbo('boundaries'),
  corridor: async () => outcome(corridorFaults()),
  sources: async () => outcome(sourceFaults()),
  'import circles': async () => outcome(circleFaults()),
  build: () => turbo('run', 'build', '--output-logs=errors-only'),
  publint: () => each(packages, lintPackage),
  'API reference': () =>
    // The packages' own READMEs are read; the root's shows a picture that is not part of it.
    tool([toolScript('typedoc', 'bin', 'typedoc'), '--emit', 'none', '--readme', 'none']),
  'are the types wrong': async () =>
    each([...(await tarballs()).values()], (tarball) =>
      tool([
        toolScript('@arethetypeswrong', 'cli', 'dist', 'index.js'),
        tarball,
        '--profile',
        'esm-only',
      ]),
    ),
  'size budgets': () => tool([toolScript('size-limit', 'bin.js')]),
  changesets: async () =>
    tool([toolScript('@changesets', 'cli', 'bin.js'), 'status', `--since=${await mainBranch()}`]),
};

await main(async () => {
  await setUp();
  const wanted = process.argv.slice(2);
  const names = Object.keys(checks).filter((name) => wanted.length === 0 || wanted.includes(name));
  if (names.length < Math.max(1, wanted.length)) {
    throw new Error(`the checks are: ${Object.keys(checks).join(', ')}`);
  }
  let failed = 0;
  try {
    for (const name of names) {
      const start = Date.now();
      const { ok, output } = await /** @type {() => Promise<Outcome>} */ (checks[name])();
      console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${elapsed(start)})`);
      if (!ok) {
        failed += 1;
        console.log(output.trimEnd());
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return failed === 0 ? 0 : 1;
});

/**
 * @param {readonly string[]} args a Node script and its arguments
 * @returns {Promise<Outcome>}
 */
async function tool(args) {
  let output = '';
  const code = await runNode(args, {
    capture: (text) => {
      output += text;
    },
  });
  return { ok: code === 0, output };
}

/** @param {string[]} args */
function turbo(...args) {
  return tool([toolScript('turbo', 'bin', 'turbo'), ...args]);
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<Outcome>} check
 * @returns {Promise<Outcome>}
 */
async function each(items, check) {
  const outcomes = [];
  for (const item of items) outcomes.push(await check(item));
  const bad = outcomes.filter(({ ok }) => !ok);
  return { ok: bad.length === 0, output: bad.map(({ output }) => output).join('\n') };
}

/**
 * @param {import('./packages.mjs').WorkspacePackage} workspacePackage
 * @returns {Promise<Outcome>}
 */
async function lintPackage({ folder, manifest }) {
  // Imported here: on a fresh clone there is nothing to import before the setup.
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const file = (await tarballs()).get(manifest.name);
  if (file === undefined) throw new Error(`${manifest.name} was not packed`);
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const tarball = /** @type {ArrayBuffer} */ (buffer).slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ pack: { tarball }, strict: true });
  const lines = messages.map(
    (message) =>
      `${manifest.name}: ${formatMessage(message, readManifest(folder)) ?? message.code}`,
  );
  return outcome(lines);
}

/**
 * @param {readonly string[]} faults
 * @returns {Outcome}
 */
function outcome(faults) {
  return { ok: faults.length === 0, output: faults.join('\n') };
}

/** The main branch by whichever name this clone knows it; the current commit where it knows none. */
async function mainBranch() {
  for (const branch of ['origin/main', 'main']) {
    const code = await run('git', ['rev-parse', '--verify', '--quiet', branch], {
      capture: () => {},
    });
    if (code === 0) return branch;
  }
  return 'HEAD';
}
