import * as tf from '@tensorflow/tfjs-core';
import { importInNode, isNode, isNotInstalled, reasonOf } from './platform.ts';
import { absent, select } from './select.ts';
import type { AbsentBackend, BackendStatus, ReadyBackend } from './types.ts';

/** `importPackage` is an argument for the sake of tests: the packages are native, large and often absent. */
export async function startTensorflow(
  importPackage: (specifier: string) => Promise<unknown> = importInNode,
): Promise<BackendStatus> {
  if (!isNode) return absent('tensorflow', 'it exists in Node only');
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
      const { default: node } = (await importPackage(specifier)) as {
        default: { version: Readonly<Record<string, string>> };
      };
      return await startLoaded(node.version['tfjs-node'] ?? tf.version_core);
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
      'npm install @tensorflow/tfjs-node',
    )
  );
}

async function startLoaded(version: string): Promise<ReadyBackend> {
  await select('tensorflow');
  // The package loads on Node versions on which none of its operations runs.
  tf.tidy(() => tf.square(tf.scalar(1)));
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  const cuda = isUsingGpuDevice === true;
  return {
    available: true,
    name: 'tensorflow',
    version,
    device: cuda ? 'NVIDIA GPU, CUDA' : 'CPU, libtensorflow',
    hardwareGpu: cuda,
    softwareGpu: false,
  };
}

/** The two ways in which an installed tfjs-node is known to fail, and any other. */
function brokenTensorflow(specifier: string, error: unknown): AbsentBackend {
  const reason = reasonOf(error);
  if (/isNullOrUndefined|isArray is not/.test(reason)) {
    return absent(
      'tensorflow',
      `${specifier} calls functions that Node 23 removed (${reason})`,
      'run it on Node 22 or older',
    );
  }
  if (reason.includes('tfjs_binding')) {
    return absent(
      'tensorflow',
      `the native part of ${specifier} was never built; its install script did not run, or failed`,
      `npm rebuild ${specifier} --build-addon-from-source`,
    );
  }
  return absent('tensorflow', `${specifier} did not start: ${reason}`);
}
