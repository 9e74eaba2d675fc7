// The pack test: each package, packed as it would be published, works in a project that holds only its own
// dependency closure: imported by Node, by `require`, from an esbuild bundle and from a Vite bundle.
// Names on the command line limit it to those packages.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packAll, publicPackages, readManifest } from './packages.mjs';
import { setUp } from './setup.mjs';
import {
  elapsed,
  Interrupted,
  main,
  root,
  run,
  runNode,
  runPnpm,
  toolScript,
} from './workspace.mjs';

/** Entries for test files: they need a test runner and its like, and no bundler sees them. */
const isTesting = (/** @type {string} */ entry) => /\/testing($|\/)/.test(entry);

/**
 * Where browser bundles are loaded; where there is none they are only built.
 * @type {string | undefined}
 */
let browser;

/** What entries for test files need, in the versions of this workspace. */
const testTools = () =>
  Object.fromEntries(
    ['@tensorflow/tfjs-backend-webgl', 'esbuild', 'playwright-core', 'vitest'].map((name) => [
      name,
      readManifest(join(root, 'packages', 'backend', 'node_modules', name)).version,
    ]),
  );
const packages = publicPackages();
const scratch = mkdtempSync(join(tmpdir(), 'neverend-pack-'));

/**
 * A package and every workspace package that it depends on, directly or not. Optional peers are left out.
 * @param {string} name
 */
function dependencyClosure(name) {
  const closure = [name];
  for (const member of closure) {
    const manifest = packages.find((candidate) => candidate.manifest.name === member)?.manifest;
    const needed = [
      ...Object.keys(manifest?.dependencies ?? {}),
      ...Object.keys(manifest?.peerDependencies ?? {}).filter(
        (peer) => !manifest?.peerDependenciesMeta?.[peer]?.optional,
      ),
    ];
    const known = packages.map((candidate) => candidate.manifest.name);
    closure.push(...needed.filter((other) => known.includes(other) && !closure.includes(other)));
  }
  return closure;
}

/**
 * A project with these dependencies and nothing else. The overrides name only the closure, and nothing of the workspace is
 * in a registry under these versions: whatever else it needs cannot be found.
 * @param {string} project
 * @param {Readonly<Record<string, string>>} dependencies
 * @param {readonly string[]} closure
 * @param {ReadonlyMap<string, string>} tarballs
 */
async function install(project, dependencies, closure, tarballs) {
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  writeFileSync(
    join(project, 'pnpm-workspace.yaml'),
    JSON.stringify({
      packages: [],
      overrides: Object.fromEntries(closure.map((name) => [name, `file:${tarballs.get(name)}`])),
      autoInstallPeers: true,
      minimumReleaseAge: 1440,
      strictDepBuilds: false,
    }),
  );
  // A second install of the same project adds to its lockfile, which a CI run would refuse.
  await succeed(runPnpm, ['install', '--prefer-offline', '--no-frozen-lockfile'], project);
}

/**
 * @param {string} project
 * @param {string} entry what a user imports
 * @param {boolean} nodeOnly every other one must bundle for browsers without a Node module
 */
async function tryEntry(project, entry, nodeOnly) {
  await tryImport(project, entry);
  const bundles = nodeOnly ? nodeBundles : browserBundles;
  for (const [bundler, bundle] of Object.entries(bundles)) {
    const out = await bundle(project);
    const what = `the ${bundler} bundle of ${entry}`;
    if (bundles === nodeBundles) await succeed(runNode, [out], project, what);
    else await openInBrowser(project, out, what);
  }
}

/**
 * @param {string} project
 * @param {string} entry
 */
async function tryImport(project, entry) {
  const check = `if (Object.keys(entry).length === 0) throw new Error('${entry} exports nothing');`;
  const done = "globalThis.document?.body.append('imported');";
  writeFileSync(
    join(project, 'esm.mjs'),
    `import * as entry from '${entry}';\n${check}\n${done}\n`,
  );
  writeFileSync(join(project, 'cjs.cjs'), `const entry = require('${entry}');\n${check}\n`);
  await succeed(runNode, [join(project, 'esm.mjs')], project, `import of ${entry}`);
  await succeed(runNode, [join(project, 'cjs.cjs')], project, `require of ${entry}`);
}

// The bundlers are imported where they are used: on a fresh clone there is nothing to import before the setup.

/** @typedef {Record<string, (project: string) => Promise<string>>} Bundlers each resolves to the bundle */

/** @type {Bundlers} */
const nodeBundles = {
  esbuild: async (project) => {
    const outfile = join(project, 'esbuild.mjs');
    // Bundled CommonJS of a dependency may call `require`, which an ES module in Node lacks.
    const js =
      "import { createRequire as nodeRequire } from 'node:module'; globalThis.require = nodeRequire(import.meta.url);";
    const esbuild = await import('esbuild');
    await esbuild.build({
      ...{ absWorkingDir: project, entryPoints: ['esm.mjs'], outfile, logLevel: 'silent' },
      ...{ bundle: true, format: 'esm', platform: 'node', banner: { js } },
    });
    return outfile;
  },
  Vite: (project) =>
    viteBundle(project, {
      ssr: 'esm.mjs',
      rolldownOptions: { output: { entryFileNames: 'vite.mjs' } },
    }),
};

/** @type {Bundlers} */
const browserBundles = {
  esbuild: async (project) => {
    const outfile = join(project, 'esbuild.js');
    const esbuild = await import('esbuild');
    await esbuild.build({
      ...{ absWorkingDir: project, entryPoints: ['esm.mjs'], outfile, logLevel: 'silent' },
      ...{ bundle: true, format: 'iife', platform: 'browser' },
    });
    return outfile;
  },
  Vite: (project) =>
    viteBundle(project, {
      lib: { entry: 'esm.mjs', formats: ['iife'], name: 'bundle', fileName: () => 'vite.mjs' },
    }),
};

/**
 * @param {string} project
 * @param {import('vite').BuildOptions} build
 */
async function viteBundle(project, build) {
  /** @type {string[]} */
  const leaked = [];
  const vite = await import('vite');
  const customLogger = vite.createLogger('silent');
  customLogger.warn = (message) => {
    if (message.includes('externalized for browser')) leaked.push(message);
  };
  await vite.build({
    ...{
      root: project,
      configFile: false,
      logLevel: 'silent',
      customLogger,
      ssr: { noExternal: true },
    },
    build: { outDir: 'vite', ...build },
  });
  if (leaked.length > 0) throw new Error(`a browser entry needs Node: ${leaked.join('; ')}`);
  return join(project, 'vite', 'vite.mjs');
}

/**
 * Loads a bundle into a page; the page says so once everything in it has been imported.
 * @param {string} project
 * @param {string} bundle
 * @param {string} what
 */
async function openInBrowser(project, bundle, what) {
  if (browser === undefined) return;
  const page = join(project, 'page.html');
  writeFileSync(page, `<body><script src="${pathToFileURL(bundle)}"></script></body>`);
  let dom = '';
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${join(project, 'profile')}`,
  ];
  await run(browser, [...args, '--dump-dom', pathToFileURL(page).href], {
    capture: (text) => {
      dom += text;
    },
  });
  if (!dom.includes('imported')) throw new Error(`${what} does not load in a browser:\n${dom}`);
}

/**
 * @param {typeof runNode} runner
 * @param {readonly string[]} args
 * @param {string} [cwd]
 * @param {string} [what]
 */
async function succeed(runner, args, cwd, what = args.join(' ')) {
  let output = '';
  const code = await runner(args, {
    ...(cwd === undefined ? {} : { cwd }),
    capture: (text) => {
      output += text;
    },
  });
  if (code !== 0) throw new Error(`${what} ended with exit code ${code}:\n${output}`);
}

/**
 * Everything that a package promises, in a project of its own. Resolves to its dependency closure.
 * @param {import('./packages.mjs').Manifest} manifest
 * @param {ReadonlyMap<string, string>} tarballs
 */
async function tryPackage({ name, exports, bin = {} }, tarballs) {
  const project = join(scratch, name.replace('/', '-'));
  const closure = dependencyClosure(name);
  const own = { [name]: `file:${tarballs.get(name)}` };
  const entries = Object.entries(exports)
    // Whole folders are for compilers.
    .filter(([subpath]) => subpath !== './package.json' && !subpath.includes('*'))
    .map(([subpath, target]) => ({
      entry: `${name}${subpath.slice(1)}`,
      // Its package offers nothing to a browser under this name.
      nodeOnly: typeof target === 'object' && target['default'] === undefined,
    }));

  await install(project, own, closure, tarballs);
  for (const { entry, nodeOnly } of entries) {
    if (!isTesting(entry)) await tryEntry(project, entry, nodeOnly);
  }
  for (const script of Object.values(bin)) {
    await succeed(runNode, [join(project, 'node_modules', name, script), '--help']);
  }
  for (const { entry } of entries.filter((candidate) => isTesting(candidate.entry))) {
    await install(project, { ...own, ...testTools() }, closure, tarballs);
    await tryImport(project, entry);
  }
  return closure;
}

await main(async () => {
  await setUp();
  const wanted = process.argv.slice(2);
  let passed = 0;
  let failed = 0;
  try {
    await succeed(runNode, [toolScript('turbo', 'bin', 'turbo'), 'run', 'build']);
    const { findChromium } = await import('@neverend/backend/testing');
    browser = findChromium();
    if (browser === undefined) {
      console.log('no Chromium here: browser bundles are built, not loaded');
    }
    const tarballs = await packAll(packages, scratch);
    for (const { manifest } of packages) {
      if (wanted.length > 0 && !wanted.includes(manifest.name)) continue;
      const start = Date.now();
      try {
        const [name, ...others] = await tryPackage(manifest, tarballs);
        passed += 1;
        console.log(`ok     ${name} with ${others.join(', ') || 'no other'} (${elapsed(start)})`);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        failed += 1;
        console.log(`FAILED ${manifest.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  console.log(`${passed} packages passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
});
