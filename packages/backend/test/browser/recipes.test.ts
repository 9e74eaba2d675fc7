import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const guide = readFileSync(
  join(import.meta.dirname, '../../../../docs/browsers-and-bundlers.md'),
  'utf8',
);

it.each([
  'vite/wasm-path.js',
  'vite/vite.config.js',
  'webpack/wasm-path.js',
  'webpack/webpack.config.js',
  'esbuild/wasm-path.js',
  'esbuild/esbuild.config.js',
  'esbuild-node/main.cjs',
  'esbuild-node/main.mjs',
])('the guide shows %s as it is built in the tests', (file) => {
  const content = readFileSync(join(import.meta.dirname, 'site', file), 'utf8');
  expect(guide).toContain(`\`\`\`text\n${content}\`\`\`\n`);
});
