import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { GatherRowsAttrs, GatherRowsInputs } from '../types.ts';

export const gatherRowsTensorflow: BackendKernel<GatherRowsInputs, GatherRowsAttrs> = addonKernel(
  owner,
  ({ inputs: { table, indices } }) =>
    tf.tidy(() => {
      const [rows] = runAddonOp('NeverendGatherRows', [table, tf.reshape(indices, [-1])], 1);
      return [tf.reshape(rows as tf.Tensor, [...indices.shape, table.shape[1] ?? 1])];
    }),
);
