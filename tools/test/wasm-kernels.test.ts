import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { publicPackages } from '../packages.mjs';
import { compileKernels } from '../wasm-kernels.mjs';

const folders = publicPackages()
  .map(({ folder }) => folder)
  .filter((folder) => existsSync(join(folder, 'src', 'wasm', 'kernels.as.ts')));

it.each(folders)(
  'the committed WebAssembly of %s is what its sources compile to',
  async (folder) => {
    const committed = readFileSync(join(folder, 'src', 'wasm', 'kernels.generated.ts'), 'utf8');
    // Not toBe: a difference in base64 tells nobody anything.
    const current = (await compileKernels(folder)) === committed;
    expect(current, 'run node tools/wasm-kernels.mjs').toBe(true);
  },
);
