import * as tf from '@tensorflow/tfjs-core';
import { type PoolAttrs, poolOf } from '../max-pool.ts';
import { noGradient, replaceGradient, wrapKernel } from '../registry.ts';
import { partsOf } from './window-parts.ts';

type Pool = ReturnType<typeof poolOf>;

/** Of another tensor of the input's shape, what lies where the windows have their first largest number. */
function pickLargest(z: tf.Tensor, x: tf.Tensor, y: tf.Tensor, pool: Pool): tf.Tensor {
  const { batch, channels, output } = pool;
  const shape = [batch * output[0], output[1], output[2], channels];
  const largest = tf.reshape(y, shape);
  const others = partsOf(z, pool, 0);
  let open: tf.Tensor = tf.ones(shape);
  let sum: tf.Tensor = tf.zeros(shape);
  for (const part of partsOf(x, pool, Number.NEGATIVE_INFINITY)) {
    const other = others.next().value as tf.Tensor;
    const here = tf.mul(open, tf.cast(tf.equal(part, largest), 'float32'));
    sum = tf.add(sum, tf.mul(here, other));
    open = tf.sub(open, here);
  }
  return tf.reshape(sum, y.shape);
}

const maxPoolGrad = (kernelName: string): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['input', 'output'],
  gradFunc: (ddx, saved, attrs) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    const pool = poolOf(x, attrs as unknown as PoolAttrs);
    return {
      dy: () => pickLargest(ddx as tf.Tensor, x, y, pool),
      input: noGradient(x),
      output: noGradient(y),
    };
  },
});

const avgPoolGrad = (kernelName: string, pool: string): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['input'],
  gradFunc: (ddx, saved, attrs) => ({
    dy: () =>
      tf.engine().runKernel(pool, { x: ddx as tf.Tensor }, attrs as tf.NamedAttrMap) as tf.Tensor,
    input: noGradient(saved[0]),
  }),
});

const maxPoolWithArgmax: tf.GradConfig = {
  kernelName: 'MaxPoolWithArgmax',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    const [dy] = dys as [tf.Tensor];
    const { includeBatchInIndex } = attrs as unknown as tf.MaxPoolWithArgmaxAttrs;
    return {
      x: () => {
        const [batch = 1] = x.shape;
        const each = x.size / batch;
        const starts = tf.reshape(tf.range(0, x.size, each, 'int32'), [batch, 1, 1, 1]);
        const places = includeBatchInIndex ? indices : tf.add(indices, starts);
        const flat = tf.scatterND(
          tf.cast(tf.reshape(places, [dy.size, 1]), 'int32'),
          tf.reshape(dy, [dy.size]),
          [x.size],
        );
        return tf.reshape(flat, x.shape);
      },
    };
  },
};

/** How many numbers of the input each window of an axis holds, of `filter` places. */
function counts(pool: Pool, axis: 0 | 1 | 2): number[] {
  const { input, output, filter, stride, pad } = pool;
  return Array.from({ length: output[axis] }, (_, at) => {
    const first = at * stride[axis] - pad[axis];
    return Math.min(first + filter[axis], input[axis]) - Math.max(first, 0);
  });
}

/** A stock kernel that divides by the size of the window, also where part of it lies in the padding. */
const overWhatIsThere = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const input = call.inputs['input'] as tf.TensorInfo;
    const pool = poolOf(input, call.attrs as unknown as PoolAttrs);
    const [depth, height, width] = [counts(pool, 0), counts(pool, 1), counts(pool, 2)];
    const whole = pool.filter[0] * pool.filter[1] * pool.filter[2];
    const shares = depth.flatMap((d) =>
      height.flatMap((h) => width.map((w) => whole / (d * h * w))),
    );
    if (shares.every((share) => share === 1)) return stock.kernelFunc(call);
    const dy = call.inputs['dy'] as tf.Tensor;
    const shape = dy.shape.map((n, axis) => (axis === 0 || axis === dy.shape.length - 1 ? 1 : n));
    const by = tf.tensor(shares, shape);
    const scaled = tf.mul(dy, by);
    const dx = stock.kernelFunc({ ...call, inputs: { ...call.inputs, dy: scaled } });
    tf.dispose([by, scaled]);
    return dx;
  },
});

const configs = [
  maxPoolGrad('MaxPoolGrad'),
  maxPoolGrad('MaxPool3DGrad'),
  avgPoolGrad('AvgPoolGrad', 'AvgPool'),
  avgPoolGrad('AvgPool3DGrad', 'AvgPool3D'),
  maxPoolWithArgmax,
];

/**
 * An average is over the numbers that a window holds; the gradient of stock TensorFlow.js, but on tensorflow, takes the padding for numbers
 * too. It has no second gradients, and none of maxPoolWithArgmax.
 */
export function registerPoolGradients(): void {
  for (const config of configs) replaceGradient(config);
  for (const backendName of ['cpu', 'wasm', 'webgpu', 'webgl']) {
    for (const name of ['AvgPoolGrad', 'AvgPool3DGrad'])
      wrapKernel(name, backendName, overWhatIsThere);
  }
}
