// `npm run test:long`: what takes longer than `npm test` may, in parts of at most an hour each; `--list` names them as JSON.
// Names limit it to those. A run that was stopped goes on with the part that is not done, unless a file has changed since.
// The last line is the sum of all.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setUp } from './setup.mjs';
import { longFiles } from './test-files.mjs';
import { elapsed, findNpm, main, root, run, runNode, say, toolEnvironment } from './workspace.mjs';

/** @typedef {{ passed: number, failed: number }} Sum */

const state = join(root, '.tools', 'test-long.json');

/** @type {Record<string, () => Promise<Sum>>} */
const parts = {
  composites: () => tests(['--operations'], { NEVEREND_KERNELS: 'composite' }),
  // With as many threads as a user would have; elsewhere the tests of wasm have one.
  natives: () => tests(['--operations'], { NEVEREND_KERNELS: 'native', NEVEREND_THREADS: '2' }),
  'node-24': onNode24,
  ...Object.fromEntries(
    longFiles().map(({ name, files }) => [name, () => tests(files, { NEVEREND_LONG: '1' })]),
  ),
};

await main(async () => {
  const start = Date.now();
  const args = process.argv.slice(2);
  if (args.includes('--list')) {
    process.stdout.write(`${JSON.stringify(Object.keys(parts))}\n`);
    return 0;
  }
  const unknown = args.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    throw new Error(`there is no part ${unknown}; the parts are: ${Object.keys(parts).join(', ')}`);
  }
  await setUp();
  const tree = await workingTree();
  const done = readDone(tree);
  const wanted = Object.entries(parts).filter(([name]) => args.length === 0 || args.includes(name));
  for (const [name, part] of wanted) {
    if (done[name]) {
      say(`=== ${name}: done before`);
      continue;
    }
    say(`=== ${name}`);
    const partStart = Date.now();
    done[name] = await part();
    say(`=== ${name} took ${elapsed(partStart)}`);
    keepDone(tree, done);
  }
  // The next run of these begins anew; what a stopped run has done of others stays done.
  const others = Object.entries(done).filter(([name]) => !wanted.some(([of]) => of === name));
  keepDone(tree, Object.fromEntries(others));
  const sums = wanted.map(([name]) => /** @type {Sum} */ (done[name]));
  const passed = sums.reduce((sum, part) => sum + part.passed, 0);
  const failed = sums.reduce((sum, part) => sum + part.failed, 0);
  say(`all of it took ${elapsed(start)}`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
});

/** What git calls the files of the working tree, all that it does not ignore; undefined without git. */
async function workingTree() {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-tree-'));
  const env = { ...toolEnvironment(), GIT_INDEX_FILE: join(folder, 'index') };
  let tree = '';
  const capture = (/** @type {string} */ text) => {
    tree += text;
  };
  try {
    const added = await run('git', ['add', '--all'], { env, capture: () => {} });
    const written = await run('git', ['write-tree'], { env, capture });
    return added === 0 && written === 0 ? tree.trim() : undefined;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string | undefined} tree
 * @param {Record<string, Sum>} done
 */
function keepDone(tree, done) {
  mkdirSync(dirname(state), { recursive: true });
  writeFileSync(state, JSON.stringify({ tree, done }));
}

/**
 * The sums of the parts that a stopped run on these files has done.
 * @param {string | undefined} tree
 * @returns {Record<string, Sum>}
 */
function readDone(tree) {
  if (tree === undefined || !existsSync(state)) return {};
  const saved = JSON.parse(readFileSync(state, 'utf8'));
  return saved.tree === tree ? saved.done : {};
}

/** Every test, on a Node that is downloaded with an npm where Node's own installer puts it. */
async function onNode24() {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-node-24-'));
  try {
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    const code = await runNode([findNpm(), 'install', ...flags, 'node@24', 'npm@11']);
    if (code !== 0) throw new Error('cannot install Node 24: the messages above say why');
    const bin = join(folder, 'node_modules', 'node', 'bin');
    symlinkSync(join(folder, 'node_modules'), join(bin, 'node_modules'));
    // The npm that called would be taken for the one of Node 24.
    return await tests([], { npm_execpath: undefined }, join(bin, 'node'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {readonly string[]} args of `npm test`
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Sum>}
 */
async function tests(args, env, node = process.execPath) {
  let output = '';
  const code = await run(node, [join(root, 'tools', 'test.mjs'), ...args], {
    env: { ...toolEnvironment(), ...env },
    capture: (text) => {
      process.stdout.write(text);
      output += text;
    },
  });
  const [, passed = 0, failed = 0] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1)?.map(Number) ?? [];
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}
