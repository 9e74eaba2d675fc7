import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from '../registry.ts';

const scatterNd: tf.GradConfig = {
  kernelName: 'ScatterNd',
  inputsToSave: ['indices'],
  gradFunc: (dy, saved) => {
    const [indices] = saved as [tf.Tensor];
    return {
      indices: noGradient(indices),
      updates: () => tf.gatherND(dy as tf.Tensor, indices),
    };
  },
};

const tensorScatterUpdate: tf.GradConfig = {
  kernelName: 'TensorScatterUpdate',
  inputsToSave: ['indices'],
  gradFunc: (dy, saved) => {
    const [indices] = saved as [tf.Tensor];
    const updates = () => tf.gatherND(dy as tf.Tensor, indices);
    return {
      indices: noGradient(indices),
      updates,
      tensor: () => tf.tensorScatterUpdate(dy as tf.Tensor, indices, tf.zerosLike(updates())),
    };
  },
};

const unsortedSegmentSum: tf.GradConfig = {
  kernelName: 'UnsortedSegmentSum',
  inputsToSave: ['segmentIds'],
  gradFunc: (dy, saved) => {
    const [ids] = saved as [tf.Tensor];
    const y = dy as tf.Tensor;
    return {
      x: () => {
        const [segments = 1] = y.shape;
        const inside = tf.logicalAnd(tf.greaterEqual(ids, 0), tf.less(ids, segments));
        const rows = tf.gather(
          y,
          tf.minimum(tf.maximum(ids, tf.scalar(0, 'int32')), tf.scalar(segments - 1, 'int32')),
        );
        const ones = rows.shape.map((n, axis) => (axis < ids.rank ? n : 1));
        return tf.mul(rows, tf.reshape(tf.cast(inside, 'float32'), ones));
      },
      segmentIds: noGradient(ids),
    };
  },
};

const sparseToDense: tf.GradConfig = {
  kernelName: 'SparseToDense',
  inputsToSave: ['sparseIndices', 'sparseValues'],
  gradFunc: (dy, saved) => {
    const [indices, values] = saved as [tf.Tensor, tf.Tensor];
    const y = dy as tf.Tensor;
    const picked = () => {
      const depth = indices.rank === 2 ? (indices.shape[1] ?? 1) : 1;
      return tf.gatherND(y, tf.reshape(indices, [indices.size / depth, depth]));
    };
    return {
      sparseIndices: noGradient(indices),
      sparseValues: () =>
        values.size === 1 ? tf.reshape(tf.sum(picked()), values.shape) : picked(),
      defaultValue: () => tf.sub(tf.sum(y), tf.sum(picked())),
    };
  },
};

const diag: tf.GradConfig = {
  kernelName: 'Diag',
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    return {
      x: () => {
        // The numbers of the diagonal are the first of rows that are one longer.
        const flat = tf.pad1d(tf.reshape(dy as tf.Tensor, [x.size ** 2]), [0, x.size]);
        const rows = tf.reshape(flat, [x.size, x.size + 1]);
        return tf.reshape(tf.slice(rows, [0, 0], [x.size, 1]), x.shape);
      },
    };
  },
};

const depthToSpace: tf.GradConfig = {
  kernelName: 'DepthToSpace',
  gradFunc: (dy, _saved, attrs) => {
    const { blockSize: b, dataFormat } = attrs as unknown as tf.DepthToSpaceAttrs;
    return {
      x: () => {
        const y = dy as tf.Tensor4D;
        const last = dataFormat === 'NHWC';
        const [n, h, w, c] = (last ? y : tf.transpose(y, [0, 2, 3, 1])).shape as [
          number,
          number,
          number,
          number,
        ];
        const blocks = tf.reshape(last ? y : tf.transpose(y, [0, 2, 3, 1]), [
          n,
          h / b,
          b,
          w / b,
          b,
          c,
        ]);
        const x = tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), [
          n,
          h / b,
          w / b,
          b * b * c,
        ]);
        return last ? x : tf.transpose(x, [0, 3, 1, 2]);
      },
    };
  },
};

const flipLeftRight: tf.GradConfig = {
  kernelName: 'FlipLeftRight',
  gradFunc: (dy) => ({ image: () => tf.reverse(dy as tf.Tensor, 2) }),
};

/**
 * What is put elsewhere is fetched back from there. Stock TensorFlow.js has none of these but that of `unsortedSegmentSum`, which throws where the segments
 * come from `topk` or `argMax`.
 */
export function registerScatterGradients(): void {
  const configs = [
    unsortedSegmentSum,
    scatterNd,
    tensorScatterUpdate,
    sparseToDense,
    diag,
    depthToSpace,
    flipLeftRight,
  ];
  for (const config of configs) replaceGradient(config);
}
