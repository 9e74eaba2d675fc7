import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTensorflow } from '../../backends/tensorflow.ts';
import { kernelStatuses, setKernelMode, useBackend } from '../../index.ts';
import { findPackage, installedPackages } from '../../installed-packages.ts';
import { backendFolder, hashSources, type KernelPackage } from '../../native-sources.ts';
import { importInNode } from '../../platform.ts';
import { loadAddon } from '../../tensorflow/addon.ts';
import { compilePackages, packagesWithOps } from '../../tensorflow/build-addon.ts';
import { type CompilerOptions, compileAddon, compilerName } from '../../tensorflow/compile.ts';
import { listed } from '../describe-backends.ts';
import type { NamedCase } from '../op-case.ts';
import { poisonMemory } from '../poison-memory.ts';

const instructionSets = { 1: 'baseline', 3: 'AVX2' } as const;

/**
 * Runs op cases on the kernels in C++ of a package and of its dependencies, compiled without what processors newer than this level
 * of x86-64 have. One level a process: kernels are compared with their composites once.
 *
 * Skipped on other processors, and where there is no compiler or no libtensorflow unless `NEVEREND_REQUIRE` names tensorflow.
 *
 * @param level 3 has AVX2, 1 is the baseline.
 * @param folder the package's.
 */
export function describeOnOlderProcessor(
  level: 1 | 3,
  folder: string,
  cases: readonly NamedCase[],
): void {
  const instructionSet = instructionSets[level];
  const required = listed('NEVEREND_REQUIRE')?.includes('tensorflow') === true;
  const tfjsNode =
    findPackage('@tensorflow/tfjs-node', folder) ??
    findPackage('@tensorflow/tfjs-node', backendFolder());
  const hasLibtensorflow = tfjsNode !== undefined && existsSync(join(tfjsNode, 'deps', 'include'));
  const hasCompiler = spawnSync(compilerName(), ['--version']).status === 0;
  const ready = required || (hasCompiler && hasLibtensorflow);

  describe.runIf(ready && process.arch === 'x64')(`the kernels in C++ on ${instructionSet}`, () => {
    let scratch: string | undefined;

    beforeAll(async () => {
      scratch = mkdtempSync(join(tmpdir(), 'neverend-addon-'));
      const file = await compile(level, folder, tfjsNode ?? '', scratch);
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
      if (scratch !== undefined) rmSync(scratch, { recursive: true });
    });

    it('agree with their composites', async () => {
      const statuses = await kernelStatuses();
      expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
      expect(statuses.filter(({ active }) => active === 'native')).not.toEqual([]);
    });

    it.each(cases)('agree with the references: $name', async ({ check }) => {
      poisonMemory();
      await check();
    });
  });
}

/** @returns the addon's file. */
async function compile(
  level: 1 | 3,
  folder: string,
  tfjsNode: string,
  scratch: string,
): Promise<string> {
  const options = {
    tfjsNode,
    signal: new AbortController().signal,
    flags: [`-DNEVEREND_X86_LEVEL=${level}`],
  };
  const packages = packagesWithOps(installedPackages([folder]), folder);
  const objects: string[] = [];
  const [backend] = packages;
  for (const one of packages) {
    const hash = [one, backend].map((from) => from && hashSources(from)).join('-');
    objects.push(...(await objectsOf(one, level, hash, options)));
  }
  const file = join(scratch, 'kernels.node');
  await compileAddon(objects, file, options);
  return file;
}

/**
 * Object files of a package, which the tests of those that depend on it need as well.
 *
 * @param hash of what they are made of. Those of another one are deleted.
 */
async function objectsOf(
  one: KernelPackage,
  level: number,
  hash: string,
  options: CompilerOptions,
): Promise<string[]> {
  const cache = join(backendFolder(), '.cache', 'objects');
  mkdirSync(cache, { recursive: true });
  const prefix = `${one.name.replace('/', '-')}-${level}-`;
  const kept = join(cache, prefix + hash);
  if (!existsSync(kept)) {
    const folder = mkdtempSync(join(cache, 'unfinished-'));
    const [result] = (await compilePackages([one], folder, options)).values();
    if (!Array.isArray(result)) {
      rmSync(folder, { recursive: true });
      throw result;
    }
    for (const name of readdirSync(cache)) {
      if (name.startsWith(prefix)) rmSync(join(cache, name), { recursive: true, force: true });
    }
    try {
      renameSync(folder, kept);
    } catch {
      // Another process was faster.
      rmSync(folder, { recursive: true });
    }
  }
  return readdirSync(kept).map((name) => join(kept, name));
}
