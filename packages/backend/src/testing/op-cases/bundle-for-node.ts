import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterAll } from 'vitest';

/**
 * Writes a program and the sources of our packages that it imports into few files, which Node loads in a fraction of the time that
 * it takes to compile and load them one by one. They are removed after the tests of the file that calls this.
 *
 * @param program its URL.
 * @returns the path of the program, in `.cache/` of the program's package, so that other packages are found as from there.
 */
export async function bundleForNode(program: URL): Promise<string> {
  const entry = fileURLToPath(program);
  const cache = join(packageFolder(entry), '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'bundle-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [entry],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported later must not be loaded before.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@neverend/source'],
    plugins: [ownPlaces, othersOutside(entry)],
    logLevel: 'error',
  });
  return join(folder, `${basename(entry, '.ts')}.mjs`);
}

function packageFolder(file: string): string {
  const folder = dirname(file);
  return existsSync(join(folder, 'package.json')) ? folder : packageFolder(folder);
}

/** Each source knows itself by its own URL. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
    }));
  },
};

/** What the program's own package does not depend on is found as from the package that imports it. */
const othersOutside = (entry: string): Plugin => ({
  name: 'others-outside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
      if (kind === 'entry-point' || path.startsWith('@neverend/')) return { external: false };
      const isFound = isBuiltin(path) || canResolve(path, entry);
      return {
        external: true,
        ...(!isFound && { path: pathToFileURL(createRequire(importer).resolve(path)).href }),
      };
    });
  },
});

function canResolve(path: string, from: string): boolean {
  try {
    createRequire(from).resolve(path);
    return true;
  } catch (error) {
    // One that is there may still have nothing for `require`.
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND';
  }
}
