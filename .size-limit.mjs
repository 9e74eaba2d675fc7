import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { publicPackages } from './tools/packages.mjs';
import { root } from './tools/workspace.mjs';

// The budget of each published package lies in its folder; without a path it is that of all its code.
export default publicPackages().map(({ folder, manifest }) => {
  const budget = JSON.parse(readFileSync(join(folder, 'size-budget.json'), 'utf8'));
  const within = (pattern) =>
    pattern.replace(/^(!?)/, `$1${relative(root, folder).replaceAll('\\', '/')}/`);
  return {
    ...budget,
    name: manifest.name,
    path: (budget.path ?? ['dist/**/*.js']).map(within),
  };
});
