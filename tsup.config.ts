import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsup';

// One config for every package: tsup looks for it upwards from the package it builds,
// and the entries are the `@neverend/source` files that the package's `exports` name, and `src/cli.ts`.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  exports: Record<string, string | Record<string, string>>;
};
const sources = Object.values(manifest.exports).flatMap((target) => {
  const source = typeof target === 'string' ? undefined : target['@neverend/source'];
  return source ? [source] : [];
});
const cli = existsSync('src/cli.ts') ? ['./src/cli.ts'] : [];

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
});
