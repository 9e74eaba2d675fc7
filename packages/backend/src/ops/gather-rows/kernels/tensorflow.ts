import * as tf from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { gatherRows } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';

export const gatherRowsTensorflow: NativeVersion<
  { readonly table: tf.Tensor; readonly indices: tf.Tensor },
  Record<string, never>
> = addonVersion(({ inputs: { table, indices } }) =>
  tf.tidy(() => {
    const rows = gatherRows(table, tf.reshape(indices, [-1]));
    return [tf.reshape(rows, [...indices.shape, table.shape[1] ?? 1])];
  }),
);
