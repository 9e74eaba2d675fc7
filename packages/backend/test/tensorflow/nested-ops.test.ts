import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { starts } from '../../src/backends/start.ts';
import { findPackage } from '../../src/installed-packages.ts';
import { backendFolder } from '../../src/native-sources.ts';
import { loadAddon, runAddonOp } from '../../src/tensorflow/addon.ts';
import { compileAddon } from '../../src/tensorflow/compile.ts';
import { listed } from '../../src/testing/describe-backends.ts';
import { hasCompiler } from './made-project.ts';

const tfjsNode = findPackage('@tensorflow/tfjs-node', backendFolder()) ?? '';
const ready = hasCompiler && existsSync(join(tfjsNode, 'deps', 'include'));
const required = listed('NEVEREND_REQUIRE')?.includes('tensorflow') === true;

describe.runIf(ready || required)('an op that runs others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-nested-'));
  const nest = (way: number): tf.Tensor[] =>
    runAddonOp('TestNest', [tf.scalar(7)], 1, { way: BigInt(way) });

  beforeAll(async () => {
    const kernels = join(backendFolder(), 'src', 'tensorflow', 'kernels');
    const sources = ['addon.cc', 'threads.cc'].map((name) => join(kernels, name));
    const file = join(folder, 'kernels.node');
    const fixture = join(import.meta.dirname, '..', 'fixtures', 'nested-ops.cc');
    const { signal } = new AbortController();
    await compileAddon([...sources, fixture], file, { tfjsNode, signal });
    expect(await starts.tensorflow({})).toMatchObject({ available: true });
    await tf.setBackend('tensorflow');
    expect(loadAddon(file)).toMatchObject({ available: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives what the last of them gives', async () => {
    const [y] = nest(0);
    expect([...((await y?.data()) ?? [])]).toEqual([7, 7, 7, 7, 7]);
  });

  it.each([
    [1, 'the addon has no op TestNothing'],
    [2, 'TestFill: an op within another got too few inputs'],
    [3, 'TestFill: the op was told no size'],
    [4, 'TestFill: size must be below 1000'],
    [5, 'OOM when allocating tensor with shape[70368744177664]'],
    [6, 'OOM when allocating tensor with shape[70368744177664]'],
    [7, 'a part has thrown'],
    [8, 'a part has thrown'],
  ])('fails as one of them does: %i, %s', async (way, message) => {
    for (let turn = 0; turn < 3; turn++) expect(() => nest(way)).toThrow(message);
    const [y] = nest(0);
    expect((await y?.data())?.[4]).toBe(7);
  });
});
