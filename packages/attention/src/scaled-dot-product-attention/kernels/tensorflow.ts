import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { AttentionAttrs, AttentionGradInputs, AttentionInputs } from '../types.ts';
import { attentionNumbers } from './numbers.ts';

export const attentionTensorflow: BackendKernel<AttentionInputs, AttentionAttrs> = addonKernel(
  owner,
  ({ inputs, attrs }) => runWithSettings('NeverendAttention', inputs, [], attrs, 1),
);

export const attentionGradTensorflow: BackendKernel<AttentionGradInputs, AttentionAttrs> =
  addonKernel(owner, ({ inputs: { dy, ...inputs }, attrs }) =>
    runWithSettings('NeverendAttentionGrad', inputs, [dy], attrs, 3),
  );

/** Passes the attributes as a tensor: TensorFlow would keep a kernel for each value of an attribute. */
function runWithSettings(
  name: string,
  { q, k, v, mask }: AttentionInputs,
  more: readonly tf.Tensor[],
  attrs: AttentionAttrs,
  outputs: number,
): tf.Tensor[] {
  const { offset, threshold, kept } = attentionNumbers({ q, k, v, mask }, attrs);
  const { scale, masked, keyLow, keyHigh } = attrs;
  const settings = settingsOf(scale, masked, offset, threshold, kept, keyLow, keyHigh);
  // The zero at hand need not be handed to TensorFlow.
  const added = masked ? mask : noMask();
  const run = (last: tf.TensorInfo) => runAddonOp(name, [...more, q, k, v, added, last], outputs);
  // A dropout has another key at each call.
  if (attrs.dropoutRate === 0) return run(keptSettings(settings));
  const own = tf.tensor1d(settings, 'int32');
  try {
    return run(own);
  } finally {
    own.dispose();
  }
}

/** What the op takes behind q, k and v, where heads of these tokens `[..., N, D]` see all of each other. */
export function unmasked({ shape }: tf.TensorInfo, heads: number): [tf.TensorInfo, tf.TensorInfo] {
  const [keys = 1, width = 1] = shape.slice(-2);
  const settings = settingsOf(1 / Math.sqrt(width / heads), false, keys, 0, 1, 0, 0);
  return [noMask(), keptSettings(settings)];
}

const settingsOf = (
  scale: number,
  masked: boolean,
  offset: number,
  threshold: number,
  kept: number,
  keyLow: number,
  keyHigh: number,
): Int32Array =>
  Int32Array.of(bitsOf(scale), Number(masked), offset, threshold, bitsOf(kept), keyLow, keyHigh);

// Small tensors that calls share. The engine knows nothing of them: no scope frees them.
const zeroOf = new WeakMap<tf.KernelBackend, tf.TensorInfo>();
const settingsKept = new WeakMap<tf.KernelBackend, Map<string, tf.TensorInfo>>();
/** Causal calls with a cache have another offset each. */
const mostKept = 64;

function noMask(): tf.TensorInfo {
  const backend = tf.backend();
  const zero = zeroOf.get(backend) ?? made(backend, new Float32Array(1), [1, 1, 1, 1], 'float32');
  zeroOf.set(backend, zero);
  return zero;
}

/** To be used before the next call, which may free it. */
function keptSettings(settings: Int32Array): tf.TensorInfo {
  const backend = tf.backend();
  const kept = settingsKept.get(backend) ?? new Map<string, tf.TensorInfo>();
  settingsKept.set(backend, kept);
  const key = settings.join();
  const found = kept.get(key);
  if (found !== undefined) return found;
  const [oldest] = kept;
  if (oldest !== undefined && kept.size >= mostKept) {
    backend.disposeData(oldest[1].dataId);
    kept.delete(oldest[0]);
  }
  const info = made(backend, settings, [settings.length], 'int32');
  kept.set(key, info);
  return info;
}

function made(
  backend: tf.KernelBackend,
  values: Int32Array | Float32Array,
  shape: number[],
  dtype: 'int32' | 'float32',
): tf.TensorInfo {
  return { dataId: backend.write(values, shape, dtype), shape, dtype };
}

const bitsOf = (float: number): number => new Int32Array(Float32Array.of(float).buffer)[0] ?? 0;
