import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTensorflow } from '../../src/backends/tensorflow.ts';
import { kernelStatuses, setKernelMode, useBackend } from '../../src/index.ts';
import { importInNode } from '../../src/platform.ts';
import { loadAddon } from '../../src/tensorflow/addon.ts';
import { addonSources } from '../../src/tensorflow/addon-file.ts';
import { compileAddon } from '../../src/tensorflow/compile.ts';
import { listed } from '../../src/testing/describe-backends.ts';
import { poisonMemory } from '../../src/testing/index.ts';
import { allOpCases } from '../all-op-cases.ts';
import { hasCompiler } from './made-project.ts';

const required = listed('NEVEREND_REQUIRE')?.includes('tensorflow') === true;
const tfjsNode = dirname(
  createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'),
);
const ready = required || (hasCompiler && existsSync(join(tfjsNode, 'deps', 'include')));
const cases = await allOpCases();

/**
 * Runs all op cases on the kernels in C++, compiled without what processors newer than this level of x86-64 have. One
 * level a process: the ops run in the addon that was loaded first.
 */
export function describeOlderProcessor(level: 1 | 3, instructionSet: string): void {
  describe.runIf(ready && process.arch === 'x64')(`the kernels in C++ on ${instructionSet}`, () => {
    let folder: string | undefined;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'neverend-addon-'));
      const file = join(folder, 'kernels.node');
      const sources = addonSources().filter((source) => source.endsWith('.cc'));
      const { signal } = new AbortController();
      await compileAddon(tfjsNode, sources, file, signal, [`-DNEVEREND_X86_LEVEL=${level}`]);
      // GCC names each version of a function after what it is compiled for.
      const binary = readFileSync(file);
      const versions = [4, 3].filter((newer) => binary.includes(`.arch_x86_64_v${newer}`));
      expect(versions).toEqual([4, 3].filter((newer) => newer <= level));
      await startTensorflow(async (specifier) => {
        const loaded = await importInNode(specifier);
        await tf.setBackend('tensorflow');
        loadAddon(file);
        return loaded;
      });
      await useBackend('tensorflow');
      expect(loadAddon()).toMatchObject({ available: true, instructionSet });
      setKernelMode('native');
    }, 600_000);

    afterAll(() => {
      if (folder !== undefined) rmSync(folder, { recursive: true });
    });

    it('agree with their composites', async () => {
      const statuses = await kernelStatuses();
      const native = statuses.filter(({ active }) => active === 'native');
      expect(native.map(({ kernel }) => kernel)).toEqual(
        expect.arrayContaining(['NeverendBiasGelu', 'NeverendLinearScan', 'NeverendAdamW']),
      );
      expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
    });

    it.each(cases)('agree with the references: $name', async ({ check }) => {
      poisonMemory();
      await check();
    });
  });
}
