// What a release would do, in a copy of the tree: `changeset version`, then a publish that stops before the
// registry. Checks the versions that come out and what each tarball holds.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packAll, publicPackages } from './packages.mjs';
import { setUp } from './setup.mjs';
import { elapsed, main, root, runNode, runPnpm, toolScript } from './workspace.mjs';

/** What every tarball must hold. */
const required = [
  'LICENSE',
  'NOTICE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
];
const forbidden = /(^|\/)(test|tests|bench|node_modules)\/|\.(test|long)\.|tsconfig|turbo\.json/;

/** @typedef {import('./packages.mjs').WorkspacePackage} WorkspacePackage */

async function dryRun() {
  const start = Date.now();
  await setUp();
  const copy = mkdtempSync(join(tmpdir(), 'neverend-release-'));
  try {
    await succeed(runNode, [toolScript('turbo', 'bin', 'turbo'), 'run', 'build'], root);
    copyTree(copy);
    const before = publicPackages(copy);
    await succeed(runNode, [toolScript('@changesets', 'cli', 'bin.js'), 'version'], copy);
    const after = publicPackages(copy);
    const problems = versionProblems(before, after);

    const publishing = await succeed(
      runPnpm,
      ['-r', 'publish', '--dry-run', '--no-git-checks', '--access', 'public'],
      copy,
    );
    problems.push(...publishProblems(before, after, publishing));
    for (const [name, tarball] of await packAll(after, copy)) {
      problems.push(...tarballProblems(name, tarball));
    }
    for (const { manifest } of after) console.log(`${manifest.name} ${manifest.version}`);
    for (const problem of problems) console.log(`FAILED ${problem}`);
    console.log(`release dry run: ${problems.length} problems (${elapsed(start)})`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/**
 * Copies sources and built files. The links to the workspace's own packages then point into the copy, those to
 * third parties go through one link to the original's modules.
 * @param {string} copy
 */
function copyTree(copy) {
  const modules = join(root, 'node_modules');
  cpSync(root, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) =>
      source !== modules && !['.tools', '.cache', '.turbo', 'runs'].includes(basename(source)),
  });
  symlinkSync(modules, join(copy, 'node_modules'));
}

/**
 * Every changeset must be used up, and no version may skip: a first release is 0.1.0, none is 1.0.0 by accident.
 * @param {readonly WorkspacePackage[]} before
 * @param {readonly WorkspacePackage[]} after
 */
function versionProblems(before, after) {
  /** @type {string[]} */
  const problems = [];
  after.forEach(({ folder, manifest: { name, version } }, index) => {
    const old = before[index]?.manifest.version ?? '';
    const [major, minor] = version.split('.').map(Number);
    const [oldMajor, oldMinor = 0] = old.split('.').map(Number);
    if (major !== oldMajor || ![oldMinor, oldMinor + 1].includes(minor ?? -1)) {
      problems.push(`${name} went from ${old} to ${version}`);
    }
    if (version === '0.0.0')
      problems.push(`${name} has no changeset and no release: its version is 0.0.0`);
    if (!readdirSync(folder).includes('CHANGELOG.md')) problems.push(`${name} has no CHANGELOG.md`);
  });
  return problems;
}

/**
 * Every new version must be published. An old one may be on npm already, and publish skips it without a word.
 * @param {readonly WorkspacePackage[]} before
 * @param {readonly WorkspacePackage[]} after
 * @param {string} output what publish said
 */
export function publishProblems(before, after, output) {
  return after
    .filter(({ manifest }, index) => manifest.version !== before[index]?.manifest.version)
    .map(({ manifest }) => `${manifest.name}@${manifest.version}`)
    .filter((release) => !output.split(/\s+/).includes(release))
    .map((release) => `publish did not mention ${release}`);
}

/**
 * @param {string} name
 * @param {string} tarball
 */
function tarballProblems(name, tarball) {
  const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  const files = stdout
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const { stdout: manifest } = spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], {
    encoding: 'utf8',
  });
  return [
    ...required.filter((file) => !files.includes(file)).map((file) => `${name} lacks ${file}`),
    ...files.filter((file) => forbidden.test(file)).map((file) => `${name} ships ${file}`),
    ...(/"(workspace|catalog):/.test(manifest)
      ? [`${name} ships a workspace: or catalog: range`]
      : []),
  ];
}

/**
 * @param {typeof runNode} runner
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function succeed(runner, args, cwd) {
  let output = '';
  const code = await runner(args, {
    cwd,
    capture: (text) => {
      output += text;
    },
  });
  if (code !== 0) throw new Error(`${args.join(' ')} ended with exit code ${code}:\n${output}`);
  return output;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(dryRun);
