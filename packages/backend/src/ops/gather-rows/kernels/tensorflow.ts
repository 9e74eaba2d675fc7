import * as tf from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { runAddonOp } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';

export const gatherRowsTensorflow: NativeVersion<
  { readonly table: tf.Tensor; readonly indices: tf.Tensor },
  Record<string, never>
> = addonVersion(({ inputs: { table, indices } }) =>
  tf.tidy(() => {
    const [rows] = runAddonOp('NeverendGatherRows', [table, tf.reshape(indices, [-1])], 1);
    return [tf.reshape(rows as tf.Tensor, [...indices.shape, table.shape[1] ?? 1])];
  }),
);
