import * as tf from '@tensorflow/tfjs-core';
import backend from '../../package.json' with { type: 'json' };
import { coreCount, isNode, reasonOf } from '../platform.ts';
import {
  type AddonManifest,
  addonFolder,
  hasChanged,
  installCommand,
  readAddonManifest,
} from './addon-manifest.ts';

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
    readonly TF_ATTR_INT: number;
    readonly TF_Version: string;
    executeOp(
      name: string,
      attrs: Attribute[],
      inputs: number[],
      outputs: number,
    ): { readonly id: number; readonly shape: number[]; readonly dtype: number }[];
  };
  executeMultipleOutputs(
    name: string,
    attrs: Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  getInputTensorIds(inputs: readonly tf.TensorInfo[]): number[];
  readonly tensorMap: { set(dataId: tf.DataId, data: object): void };
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number;
}

/** A package with ops in C++. */
export interface AddonPackage {
  readonly name: string;
  readonly version: string;
}

let status: AddonStatus | undefined;
let addon: Addon | undefined;
/** What is known of the packages in the addon; undefined for one that was loaded by its file. */
let manifest: AddonManifest | undefined;
/** The packages in it whose sources are other ones by now. */
let changed: readonly string[] = [];

/**
 * Registers the ops in C++ with the libtensorflow of the tfjs-node that this process has loaded and whose backend is
 * current, at the first call. They are for tensors on the CPU: on a CUDA device nothing is loaded.
 *
 * @param file an addon to use from now on in the place of the one that `install` built.
 */
export function loadAddon(file?: string): AddonStatus {
  try {
    if (file !== undefined) status = loadFile(file);
    status ??= load();
  } catch (error) {
    status = { available: false, reason: reasonOf(error) };
  }
  return status;
}

/** Why the ops of this package cannot run; undefined where they can. */
export function whyWithoutOps({ name, version }: AddonPackage): string | undefined {
  const loaded = loadAddon();
  if (!loaded.available) return loaded.reason;
  if (manifest === undefined) return undefined;
  const compiled = manifest.packages.find((one) => one.name === name);
  if (compiled === undefined) return `${name} was not there at the last ${installCommand()}`;
  if (compiled.version !== version) {
    return tell(
      `the kernels in C++ of ${name} are those of ${compiled.version}, and ${version} runs: ${installCommand()}`,
    );
  }
  if (changed.includes(name)) return changedLine(changed);
  return compiled.failure && `the C++ of ${name} is not in the addon: ${compiled.failure}`;
}

function load(): AddonStatus {
  if (!isNode) return { available: false, reason: 'it exists in Node only' };
  if (node().isUsingGpuDevice) {
    return {
      available: false,
      reason: 'its kernels are for the CPU, and TensorFlow runs on a GPU',
    };
  }
  const { createRequire } = process.getBuiltinModule('node:module');
  const { join } = process.getBuiltinModule('node:path');
  const { cache } = createRequire(import.meta.url);
  const binding = /[\\/]lib[\\/][^\\/]+[\\/]tfjs_binding\.node$/;
  const path = Object.keys(cache).find((file) => binding.test(file));
  if (path === undefined) return { available: false, reason: 'no tfjs-node is loaded' };
  const tfjsNode = path.replace(binding, '');
  const found = readAddonManifest(tfjsNode);
  if (found === undefined) {
    return {
      available: false,
      reason: `there is no addon in ${addonFolder(tfjsNode)} (${installCommand()})`,
    };
  }
  changed = found.packages.filter((one) => hasChanged(tfjsNode, one)).map(({ name }) => name);
  if (changed.length > 0) tell(changedLine(changed));
  const own = found.packages.find(({ name }) => name === backend.name);
  // What this file calls is in no other version.
  if (own?.version !== backend.version) {
    const reason = tell(
      `the kernels in C++ were compiled by another version of ${backend.name} than ${backend.version}: ${installCommand()}`,
    );
    return { available: false, reason };
  }
  if (changed.includes(backend.name)) return { available: false, reason: changedLine(changed) };
  const loaded = loadFile(join(addonFolder(tfjsNode), found.addon));
  manifest = found;
  return loaded;
}

function loadFile(file: string): AddonStatus {
  const { createRequire } = process.getBuiltinModule('node:module');
  addon = createRequire(import.meta.url)(file) as Addon;
  manifest = undefined;
  const threads = coreCount();
  addon.setThreads(threads);
  return { available: true, instructionSet: addon.instructionSet, threads };
}

/** Which TensorFlow runs, and which compilation of the addon on it. The backend `tensorflow` must be current. */
export const addonBuild = (): string => `${node().binding.TF_Version} ${manifest?.addon}`;

const changedLine = (names: readonly string[]): string =>
  `the C++ of ${names.join(', ')} is not what was compiled: ${installCommand()}`;

let told = false;

/** One line a process: what mends one package mends them all. */
function tell(line: string): string {
  // biome-ignore lint/suspicious/noConsole: composites are slower, and a person can mend it with one command.
  if (!told) console.warn(`neverend: ${line}`);
  told = true;
  return line;
}

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
 * @param attributes numbers are the op's `float`, bigints its `int`, booleans its `bool`.
 * @returns the caller's to dispose.
 * @throws what TensorFlow says where shapes do not fit.
 */
export function runAddonOp(
  name: string,
  inputs: readonly tf.TensorInfo[],
  outputs: number,
  attributes: Readonly<Record<string, boolean | number | bigint>> = {},
): tf.Tensor[] {
  return node().executeMultipleOutputs(opName(name), attributeList(attributes), inputs, outputs);
}

/**
 * The output of an op of the addon without attributes, float32, of which TensorFlow.js' engine knows nothing: no scope frees it, and `tf.memory()` does not count it.
 *
 * @returns the caller's to free, by `disposeData` of the backend. @throws as `runAddonOp` does.
 */
export function heldAddonOutput(name: string, inputs: readonly tf.TensorInfo[]): tf.TensorInfo {
  const backend = node();
  const ids = backend.getInputTensorIds(inputs);
  const [made] = backend.binding.executeOp(opName(name), [], ids, 1);
  if (made === undefined) throw new Error(`${name} gave no output`);
  const dataId = {};
  backend.tensorMap.set(dataId, { ...made, values: null, refCount: 1 });
  return { dataId, shape: made.shape, dtype: 'float32' };
}

const opName = (name: string): string => `${name}${addon?.opSuffix ?? ''}`;

function attributeList(
  attributes: Readonly<Record<string, boolean | number | bigint>>,
): Attribute[] {
  const { TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_ATTR_INT } = node().binding;
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'bigint') return { name, type: TF_ATTR_INT, value: Number(value) };
    return { name, type: typeof value === 'boolean' ? TF_ATTR_BOOL : TF_ATTR_FLOAT, value };
  });
}

function node(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}
