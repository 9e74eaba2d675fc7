import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

// One config for every package: tsup looks for it upwards from the package it builds,
// and the entries are the `@neverend/source` files that the package's `exports` name, and `src/cli.ts`.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
};
const sources = Object.values(manifest.exports).flatMap((target) => {
  const source = typeof target === 'string' ? undefined : target['@neverend/source'];
  return source ? [source] : [];
});
const cli = existsSync('src/cli.ts') ? ['./src/cli.ts'] : [];

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** What a package imports of its package.json: the rest is no use to those who have the package. */
const nameAndVersion: Plugin = {
  name: 'name-and-version',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]package\.json$/ }, ({ path }) => {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/** CommonJS that is bundled requires modules of Node, which an ES module cannot. */
const bundledCommonJs: Plugin = {
  name: 'bundled-common-js',
  setup: (build) => {
    build.onLoad({ filter: /node_modules[\\/](pend|yauzl)[\\/][^\\/]+\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        /\brequire\(["'](events|fs|stream|util|zlib)["']\)/g,
        "process.getBuiltinModule('node:$1')",
      ),
    }));
  },
};

/** What the kernels of this package are: verdicts on them that machines have kept hold for this code alone. */
function hashOfSources(): string {
  const hash = createHash('sha256').update(manifest.version);
  for (const name of (readdirSync('src', { recursive: true }) as string[]).sort()) {
    // Folders are named by their files.
    if (/\.\w+$/.test(name)) hash.update(name).update(readFileSync(join('src', name)));
  }
  return hash.digest('hex').slice(0, 16);
}

export default defineConfig({
  entry: [...sources, ...cli],
  format: 'esm',
  target: 'es2022',
  define: { 'import.meta.neverendCode': JSON.stringify(hashOfSources()) },
  dts: { entry: sources, compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  clean: true,
  esbuildPlugins: [nameAndVersion, bundledCommonJs],
  onSuccess: async () => {
    if (manifest.devDependencies['node-api-headers'] === undefined) return;
    const { resolve } = createRequire(join(process.cwd(), 'package.json'));
    const headers = join(dirname(resolve('node-api-headers/package.json')), 'include');
    cpSync(headers, join('dist', 'node-api-headers'), { recursive: true });
  },
});
