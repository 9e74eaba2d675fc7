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
  const settings = tf.tensor1d(
    Int32Array.of(
      ...[bitsOf(scale), Number(masked), offset],
      ...[threshold, bitsOf(kept), keyLow, keyHigh],
    ),
    'int32',
  );
  try {
    return runAddonOp(name, [...more, q, k, v, mask, settings], outputs);
  } finally {
    settings.dispose();
  }
}

const bitsOf = (float: number): number => new Int32Array(Float32Array.of(float).buffer)[0] ?? 0;
