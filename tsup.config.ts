import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

// One config for every package: tsup looks for it upwards from the package it builds,
// and the entries are the `@neverend/source` files that the package's `exports` name, and `src/cli.ts`.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | Record<string, string>>;
};
const sources = Object.values(manifest.exports).flatMap((target) => {
  const source = typeof target === 'string' ? undefined : target['@neverend/source'];
  return source ? [source] : [];
});
const cli = existsSync('src/cli.ts') ? ['./src/cli.ts'] : [];

export default defineConfig({
  entry: [...sources, ...cli],
  format: 'esm',
  target: 'es2022',
  dts: { entry: sources, compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  clean: true,
});
