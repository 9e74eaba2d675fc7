import * as tf from '@tensorflow/tfjs-core';
import { coreCount, isNode, reasonOf } from '../platform.ts';
import { addonFile } from './addon-file.ts';

/** Whether the kernels in C++ are there, and how they run. */
export type AddonStatus =
  | {
      readonly available: true;
      /** `AVX-512`, `AVX2`, or `baseline`: what the processor at hand makes the kernels use. */
      readonly instructionSet: string;
      readonly threads: number;
    }
  | { readonly available: false; readonly reason: string };

interface Addon {
  readonly instructionSet: string;
  /** What the names of its ops end with where the process has loaded another build before; empty otherwise. */
  readonly opSuffix: string;
  setThreads(count: number): void;
}

/** The part of tfjs-node's backend that runs an op by its name. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_Version: string;
  };
  executeMultipleOutputs(
    name: string,
    attrs: Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number;
}

let status: AddonStatus | undefined;
let addon: Addon | undefined;
let built: number | undefined;

/**
 * Registers the ops in C++ with the libtensorflow of the tfjs-node that this process has loaded and whose backend is
 * current, at the first call. They are for tensors on the CPU: on a CUDA device nothing is loaded.
 *
 * @param file an addon to load at that call in the place of the one that `install` built.
 */
export function loadAddon(file?: string): AddonStatus {
  try {
    status ??= load(file);
  } catch (error) {
    status = { available: false, reason: reasonOf(error) };
  }
  return status;
}

function load(other?: string): AddonStatus {
  if (!isNode) return { available: false, reason: 'it exists in Node only' };
  if (node().isUsingGpuDevice) {
    return {
      available: false,
      reason: 'its kernels are for the CPU, and TensorFlow runs on a GPU',
    };
  }
  const { createRequire } = process.getBuiltinModule('node:module');
  const { existsSync, statSync } = process.getBuiltinModule('node:fs');
  const require = createRequire(import.meta.url);
  const binding = /[\\/]lib[\\/][^\\/]+[\\/]tfjs_binding\.node$/;
  const path = Object.keys(require.cache).find((file) => binding.test(file));
  if (path === undefined) return { available: false, reason: 'no tfjs-node is loaded' };
  const file = other ?? addonFile(path.replace(binding, ''));
  if (!existsSync(file)) {
    return { available: false, reason: `${file} was not built (npx neverend-backend install)` };
  }
  addon = require(file) as Addon;
  built = statSync(file).mtimeMs;
  const threads = coreCount();
  addon.setThreads(threads);
  return { available: true, instructionSet: addon.instructionSet, threads };
}

/** Which TensorFlow runs, and which compilation of the addon on it. The backend `tensorflow` must be current. */
export const addonBuild = (): string => `${node().binding.TF_Version} ${built}`;

/** How many threads the kernels use from now on; at first as many as the process has processors. @throws before `loadAddon`. */
export function setAddonThreads(count: number): void {
  if (addon === undefined) throw new Error('the addon is not loaded');
  addon.setThreads(count);
}

/**
 * Runs one op of the addon on float32 (or, for indices, int32) tensors of the backend `tensorflow`. Records no gradient.
 *
 * An attribute makes TensorFlow keep a kernel for each of its values: pass numbers that change as an input.
 *
 * @param attributes numbers are the op's `float`, booleans its `bool`.
 * @returns the caller's to dispose.
 * @throws what TensorFlow says where shapes do not fit.
 */
export function runAddonOp(
  name: string,
  inputs: readonly tf.TensorInfo[],
  outputs: number,
  attributes: Readonly<Record<string, boolean | number>> = {},
): tf.Tensor[] {
  const { TF_ATTR_BOOL, TF_ATTR_FLOAT } = node().binding;
  const list = Object.entries(attributes).map(([name, value]) => ({
    name,
    type: typeof value === 'boolean' ? TF_ATTR_BOOL : TF_ATTR_FLOAT,
    value,
  }));
  const opName = `${name}${addon?.opSuffix ?? ''}`;
  return node().executeMultipleOutputs(opName, list, inputs, outputs);
}

function node(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}
