import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelPackage } from '../../src/native-sources.ts';
import {
  describePackage,
  hasChanged,
  readAddonManifest,
  writeAddonManifest,
} from '../../src/tensorflow/addon-manifest.ts';
import { writeFiles } from './made-project.ts';

const makeFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'neverend-manifest-')));

function makePackage(folder: string): string {
  writeFiles(folder, {
    'package.json': JSON.stringify({ name: 'ops', version: '1.0.0', neverend: { kernels: 'src' } }),
    'src/scan/kernels/scan.cc': 'one',
    'src/scan/kernels/scan.h': 'two',
    'src/scan/kernels/wasm.ts': 'no C++',
    'src/scan/other.cc': 'not of a kernel',
  });
  return folder;
}

/** What a manifest of a tfjs-node says of the package in this folder. */
function describeFolder(tfjsNode: string, folder: string) {
  const found = kernelPackage(folder);
  if (found === undefined) throw new Error('it declares kernels');
  return describePackage(tfjsNode, found);
}

it.each(['src/scan/kernels/scan.cc', 'src/scan/kernels/scan.h', 'src/scan/kernels/more.cc'])(
  'a start sees that %s was edited in a checkout, and nothing else',
  (edited) => {
    const tfjsNode = makeFolder();
    const folder = makePackage(makeFolder());
    const compiled = describeFolder(tfjsNode, folder);
    expect(hasChanged(tfjsNode, compiled)).toBe(false);
    writeFiles(folder, { 'src/scan/kernels/wasm.ts': 'edited', 'src/scan/other.cc': 'edited' });
    expect(hasChanged(tfjsNode, compiled)).toBe(false);
    writeFiles(folder, { [edited]: 'edited' });
    expect(hasChanged(tfjsNode, compiled)).toBe(true);
  },
);

it('a hash depends on no folder, and a checkout that is gone is no other one', () => {
  const tfjsNode = makeFolder();
  const folder = makePackage(makeFolder());
  const copy = makeFolder();
  cpSync(folder, copy, { recursive: true });
  const compiled = describeFolder(tfjsNode, folder);
  expect(describeFolder(tfjsNode, copy).hash).toBe(compiled.hash);
  rmSync(folder, { recursive: true });
  expect(hasChanged(tfjsNode, compiled)).toBe(false);
});

it('what is installed is known by its version: its sources are not read again', () => {
  const tfjsNode = makeFolder();
  const folder = makePackage(join(makeFolder(), 'node_modules', 'ops'));
  const compiled = describeFolder(tfjsNode, folder);
  expect(compiled).toEqual({ name: 'ops', version: '1.0.0', hash: expect.any(String) });
  writeFiles(folder, { 'src/scan/kernels/scan.cc': 'edited' });
  expect(hasChanged(tfjsNode, compiled)).toBe(false);
});

it('a manifest comes back as it was written, and one that is torn is none', () => {
  const tfjsNode = makeFolder();
  expect(readAddonManifest(tfjsNode)).toBeUndefined();
  writeFiles(tfjsNode, { 'lib/neverend/kernels.json': '{"addon":' });
  expect(readAddonManifest(tfjsNode)).toBeUndefined();
  writeFileSync(join(tfjsNode, 'lib/neverend/kernels.json'), '[]');
  expect(readAddonManifest(tfjsNode)).toBeUndefined();
  const manifest = {
    addon: 'kernels-1.node',
    packages: [{ name: 'ops', version: '1.0.0', hash: 'x', failure: 'g++ was ill' }],
  };
  writeAddonManifest(tfjsNode, manifest);
  expect(readAddonManifest(tfjsNode)).toEqual(manifest);
});
