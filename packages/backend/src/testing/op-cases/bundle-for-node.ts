import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
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
    plugins: [ownPlaces, othersOutside],
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

const othersOutside: Plugin = {
  name: 'others-outside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => ({
      external: kind !== 'entry-point' && !path.startsWith('@neverend/'),
    }));
  },
};
