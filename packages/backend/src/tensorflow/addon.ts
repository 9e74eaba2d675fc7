import * as tf from '@tensorflow/tfjs-core';
import { isNode, reasonOf } from '../backends/platform.ts';
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
  readonly threads: number;
  setThreads(count: number): void;
}

/** The part of tfjs-node's backend that runs an op by its name. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_ATTR_BOOL: number; readonly TF_ATTR_FLOAT: number };
  executeSingleOutput(name: string, attrs: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attrs: Attribute[],
    inputs: tf.TensorInfo[],
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

/**
 * Registers the ops in C++ with the libtensorflow of the tfjs-node that this process has loaded and whose backend is
 * current, at the first call. They are for tensors on the CPU: on a CUDA device nothing is loaded.
 */
export function loadAddon(): AddonStatus {
  try {
    status ??= load();
  } catch (error) {
    status = { available: false, reason: reasonOf(error) };
  }
  return status;
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
  const { existsSync } = process.getBuiltinModule('node:fs');
  const require = createRequire(import.meta.url);
  const binding = /[\\/]lib[\\/][^\\/]+[\\/]tfjs_binding\.node$/;
  const path = Object.keys(require.cache).find((file) => binding.test(file));
  if (path === undefined) return { available: false, reason: 'no tfjs-node is loaded' };
  const file = addonFile(path.replace(binding, ''));
  if (!existsSync(file)) {
    return { available: false, reason: `${file} was not built (npx neverend-backend install)` };
  }
  addon = require(file) as Addon;
  const { instructionSet, threads } = addon;
  return { available: true, instructionSet, threads };
}

/** How many threads the kernels use from now on; at first as many as the machine has. @throws before `loadAddon`. */
export function setAddonThreads(count: number): void {
  if (addon === undefined) throw new Error('the addon is not loaded');
  addon.setThreads(count);
}

/**
 * GELU of x + bias: x [..., D], bias [D], or null for none. `approximate` takes the form with tanh, else erf.
 *
 * The calls below run single ops of the addon on float32 tensors of the backend `tensorflow`. They record no
 * gradient, and TensorFlow throws where shapes do not fit.
 */
export function gelu(
  x: tf.TensorInfo,
  bias: tf.TensorInfo | null,
  approximate: boolean,
): tf.Tensor {
  const none = bias === null ? tf.tensor1d([]) : undefined;
  const y = one('NeverendGelu', [x, bias ?? (none as tf.Tensor)], [flag(approximate)]);
  none?.dispose();
  return y;
}

/** Gradients of `gelu`: dx [..., D], and dbias [D] where there was a bias. */
export function geluGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  bias: tf.TensorInfo | null,
  approximate: boolean,
): { dx: tf.Tensor; dbias: tf.Tensor | null } {
  const none = bias === null ? tf.tensor1d([]) : undefined;
  const inputs = [dy, x, bias ?? (none as tf.Tensor)];
  const [dx, dbias] = many('NeverendGeluGrad', inputs, 2, [flag(approximate)]);
  none?.dispose();
  if (bias !== null) return { dx, dbias };
  dbias.dispose();
  return { dx, dbias: null };
}

/** Softmax over the last axis. */
export function softmax(x: tf.TensorInfo): tf.Tensor {
  return one('NeverendSoftmax', [x]);
}

/** Gradient of `softmax`, from its result y. */
export function softmaxGrad(dy: tf.TensorInfo, y: tf.TensorInfo): tf.Tensor {
  return one('NeverendSoftmaxGrad', [dy, y]);
}

/** Layer norm over the last axis: x [..., D], gain and offset [D]; mean and rstd are [rows]. */
export function layerNorm(
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  offset: tf.TensorInfo,
  epsilon: number,
): { y: tf.Tensor; mean: tf.Tensor; rstd: tf.Tensor } {
  const [y, mean, rstd] = many('NeverendLayerNorm', [x, gain, offset], 3, [epsilonOf(epsilon)]);
  return { y, mean, rstd };
}

/** Gradients of `layerNorm`, from its inputs and the mean and rstd that it gave. */
export function layerNormGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  mean: tf.TensorInfo,
  rstd: tf.TensorInfo,
): { dx: tf.Tensor; dgain: tf.Tensor; doffset: tf.Tensor } {
  const [dx, dgain, doffset] = many('NeverendLayerNormGrad', [dy, x, gain, mean, rstd], 3);
  return { dx, dgain, doffset };
}

/** RMS norm over the last axis: x [..., D], gain [D]; rstd, one over the root mean square, is [rows]. */
export function rmsNorm(
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  epsilon: number,
): { y: tf.Tensor; rstd: tf.Tensor } {
  const [y, rstd] = many('NeverendRmsNorm', [x, gain], 2, [epsilonOf(epsilon)]);
  return { y, rstd };
}

/** Gradients of `rmsNorm`, from its inputs and the rstd that it gave. */
export function rmsNormGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  rstd: tf.TensorInfo,
): { dx: tf.Tensor; dgain: tf.Tensor } {
  const [dx, dgain] = many('NeverendRmsNormGrad', [dy, x, gain, rstd], 2);
  return { dx, dgain };
}

/** Rows of a table: table [N, D], indices int32 [K], each in [0, N). @returns [K, D] */
export function gatherRows(table: tf.TensorInfo, indices: tf.TensorInfo): tf.Tensor {
  return one('NeverendGatherRows', [table, indices]);
}

/**
 * table[indices[k]] += rows[k] in the table's own memory: table [N, D], indices int32 [K], rows [K, D]. Repeated
 * indices add up in their order, so the sums do not depend on the number of threads. Every tensor that shares the
 * table's data changes; nothing is written where an index is out of range.
 */
export function scatterAddRows(
  table: tf.TensorInfo,
  indices: tf.TensorInfo,
  rows: tf.TensorInfo,
): void {
  node().executeMultipleOutputs('NeverendScatterAddRows', [], [table, indices, rows], 0);
}

function node(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}

function flag(value: boolean): Attribute {
  return { name: 'approximate', type: node().binding.TF_ATTR_BOOL, value };
}

function epsilonOf(value: number): Attribute {
  return { name: 'epsilon', type: node().binding.TF_ATTR_FLOAT, value };
}

function one(name: string, inputs: tf.TensorInfo[], attributes: Attribute[] = []): tf.Tensor {
  return node().executeSingleOutput(name, attributes, inputs);
}

type Tensors = [tf.Tensor, tf.Tensor, tf.Tensor];

function many(
  name: string,
  inputs: tf.TensorInfo[],
  outputs: 2 | 3,
  attributes: Attribute[] = [],
): Tensors {
  return node().executeMultipleOutputs(name, attributes, inputs, outputs) as Tensors;
}
