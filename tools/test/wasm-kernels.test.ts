import { join } from 'node:path';
import { expect, it } from 'vitest';
import { publicPackages } from '../packages.mjs';
import { root, runNode } from '../workspace.mjs';

const folders = publicPackages()
  .filter(({ manifest }) => manifest.neverend !== undefined)
  .map(({ folder }) => folder);

it.each(folders)(
  'the committed WebAssembly of %s is what its sources compile to',
  async (folder) => {
    let output = '';
    const code = await runNode([join(root, 'tools', 'wasm-kernels.mjs'), '--check', folder], {
      capture: (text) => {
        output += text;
      },
    });
    expect(output).not.toContain('stale');
    expect(code, output).toBe(0);
  },
);
