import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** What of Node a bundle for browsers would import. */
async function builtins(contents: string): Promise<string[]> {
  const found = new Set<string>();
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@neverend/source'],
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'builtins',
        setup({ onResolve, resolve }) {
          onResolve({ filter: /./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
            if (!isBuiltin(path) || pluginData) return undefined;
            // Packages name in their package.json what they do without in browsers.
            const options = { importer, resolveDir, kind, pluginData: true };
            const resolved = await resolve(path, options);
            if (resolved.errors.length === 0) return undefined;
            found.add(path);
            return { path, external: true };
          });
        },
      },
    ],
  });
  return [...found];
}

it.each(['@neverend/backend', '@neverend/backend/kernels'])(
  '%s bundles for browsers without anything of Node',
  async (entry) => {
    expect(await builtins(`export * from '${entry}';`)).toEqual([]);
  },
);

it('what needs Node is noticed', async () => {
  expect(await builtins("export * from '../../src/cli.ts';")).not.toEqual([]);
});
