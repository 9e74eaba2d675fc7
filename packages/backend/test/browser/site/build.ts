// Builds the page and its worker, minified, by the configuration that docs/browsers-and-bundlers.md shows.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';

/** Builds into a folder. */
export type Build = (out: string) => Promise<void>;

const folderOf = (bundler: string): string => join(import.meta.dirname, bundler);
const source = '@neverend/source';

/** On Windows, `import` takes a path for a URL whose scheme is the drive. */
const importFile = (path: string): Promise<unknown> => import(pathToFileURL(path).href);

export const builds: Readonly<Record<'vite' | 'esbuild' | 'webpack', Build>> = {
  async vite(out) {
    const { build, defaultClientConditions } = await import('vite');
    await build({
      root: folderOf('vite'),
      logLevel: 'error',
      // Packages from their sources, as in all tests.
      resolve: { conditions: [source, ...defaultClientConditions] },
      build: { outDir: out, emptyOutDir: true },
    });
  },

  async esbuild(out) {
    const folder = folderOf('esbuild');
    const { options } = (await importFile(join(folder, 'esbuild.config.js'))) as {
      options: Parameters<typeof esbuild>[0];
    };
    await esbuild({
      ...options,
      absWorkingDir: folder,
      outdir: out,
      conditions: [source],
      logLevel: 'error',
    });
    await copyFile(join(folder, 'index.html'), join(out, 'index.html'));
  },

  async webpack(out) {
    const folder = folderOf('webpack');
    const { webpack } = (await import('webpack')).default;
    const { default: config } = (await importFile(join(folder, 'webpack.config.js'))) as {
      default: import('webpack').Configuration;
    };
    // webpack reads no TypeScript.
    const backend = join(out, 'neverend-backend.mjs');
    const entryPoints = [join(import.meta.dirname, '../../../src/index.ts')];
    await esbuild({
      entryPoints,
      outfile: backend,
      bundle: true,
      format: 'esm',
      packages: 'external',
    });
    const compiler = webpack({
      ...config,
      context: folder,
      // One of the pages forbids scripts whose addresses are plain text.
      output: { ...config.output, path: out, trustedTypes: true },
      performance: false,
      resolve: {
        alias: { '@neverend/backend$': backend },
        modules: ['node_modules', join(import.meta.dirname, '../../../node_modules')],
      },
    });
    const problems = await new Promise<string>((resolve, reject) => {
      compiler?.run((error, stats) => {
        if (error) reject(error);
        else resolve(stats?.toString({ all: false, errors: true, warnings: true }) ?? '');
      });
    });
    if (problems !== '') throw new Error(problems);
    await copyFile(join(folder, 'index.html'), join(out, 'index.html'));
  },
};
