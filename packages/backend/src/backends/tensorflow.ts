import * as tf from '@tensorflow/tfjs-core';
import { importInNode, isNode, isNotInstalled, reasonOf } from '../platform.ts';
import { loadAddon } from '../tensorflow/addon.ts';
import { firstInstallCommand, installCommand } from '../tensorflow/addon-manifest.ts';
import { absent, countOfThreads, select } from './select.ts';
import type { AbsentBackend, BackendStatus, ReadyBackend } from './types.ts';

/** `importPackage` is an argument for the sake of tests: the packages are native, large and often absent. */
export async function startTensorflow(
  importPackage: (specifier: string) => Promise<unknown> = importInNode,
): Promise<BackendStatus> {
  if (!isNode) return absent('tensorflow', 'it exists in Node only');
  restoreNodeUtilities();
  // Otherwise libtensorflow greets on stderr.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  // Otherwise the thread that asks for a product only waits, and on few threads a small one takes up to a fifth longer.
  process.env['TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD'] ??= 'true';
  let failure: AbsentBackend | undefined;
  // The two packages must never be loaded together: one that the application has loaded already serves.
  if (tf.findBackendFactory('tensorflow') !== null) {
    try {
      return await startLoaded(tf.version_core);
    } catch (error) {
      return brokenTensorflow('@tensorflow/tfjs-node', error);
    }
  }
  for (const specifier of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      const loaded = (await importPackage(specifier)) as CommonJs<{
        version: Readonly<Record<string, string>>;
      }>;
      const { version } = 'default' in loaded ? loaded.default : loaded;
      const status = await startLoaded(version['tfjs-node'] ?? tf.version_core);
      if (status.hardwareGpu || !specifier.endsWith('-gpu')) return status;
      return {
        ...status,
        warning: `${specifier} fell back to the CPU: its libtensorflow found no GPU, or not the CUDA libraries that it was built with`,
        fix: installCommand({ gpu: true }),
      };
    } catch (error) {
      // A package that is installed and broken tells more than one that is not there.
      if (!isNotInstalled(error, specifier)) failure ??= brokenTensorflow(specifier, error);
      if (tf.findBackendFactory('tensorflow') !== null) break;
    }
  }
  return (
    failure ??
    absent(
      'tensorflow',
      'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed',
      firstInstallCommand(),
    )
  );
}

/** Node gives a CommonJS module as the default export, and some loaders give it bare. */
type CommonJs<T> = T | { default: T };

async function startLoaded(version: string): Promise<ReadyBackend> {
  await select('tensorflow');
  // The package loads on Node versions on which none of its operations runs.
  tf.tidy(() => {
    tf.square(tf.scalar(1));
  });
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  const cuda = isUsingGpuDevice === true;
  const kernels = loadAddon();
  const cpu = kernels.available
    ? `CPU, libtensorflow, kernels in C++ (${kernels.instructionSet}, ${countOfThreads(kernels.threads)})`
    : 'CPU, libtensorflow';
  return {
    available: true,
    name: 'tensorflow',
    version,
    device: cuda ? 'NVIDIA GPU, CUDA' : cpu,
    hardwareGpu: cuda,
    softwareGpu: false,
  };
}

/** tfjs-node 4.22 calls functions of `node:util` that Node 23 removed, in every operation. */
function restoreNodeUtilities(): void {
  const util = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

/** The way in which an installed tfjs-node is known to fail, and any other. */
function brokenTensorflow(specifier: string, error: unknown): AbsentBackend {
  const reason = reasonOf(error);
  if (reason.includes('tfjs_binding')) {
    return absent(
      'tensorflow',
      `the native part of ${specifier} was never built; its install script did not run, or failed`,
      installCommand({ gpu: specifier.endsWith('-gpu') }),
    );
  }
  return absent('tensorflow', `${specifier} did not start: ${reason}`);
}
