import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';

/** Gradients as TensorFlow.js registers them: this module is evaluated before any backend is started. */
const stockGradients = new Map(
  [
    ...['Cumsum', 'BatchMatMul', 'TopK', 'GatherNd', 'GatherV2', 'Einsum', 'Equal', 'NotEqual'],
    ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr', 'LogicalNot'],
    ...['All', 'Any', 'SquaredDifference', 'Maximum', 'Minimum', 'Max', 'Prod', 'Cumprod'],
    ...[
      'MirrorPad',
      'StridedSlice',
      'ScatterNd',
      'ResizeBilinear',
      'ResizeNearestNeighbor',
      'Conv2D',
    ],
    ...['Unpack', 'MaxPoolWithArgmax', 'Select', 'Abs', 'SearchSorted'],
  ].map((name): [string, tf.GradConfig | undefined] => [name, tf.getGradient(name)]),
);

/** Runs some work with the gradient of a kernel that stock TensorFlow.js has, or with none. */
export function withStockGradient<T>(kernelName: string, work: () => T): T {
  if (!stockGradients.has(kernelName)) throw new Error(`${kernelName} was not looked up in time`);
  const stock = stockGradients.get(kernelName);
  const ours = tf.getGradient(kernelName);
  if (ours === stock)
    throw new Error(
      `the gradient of ${kernelName} is the stock one already: a file of stock ones needs a process of its own`,
    );
  tf.unregisterGradient(kernelName);
  if (stock !== undefined) tf.registerGradient(stock);
  try {
    return work();
  } finally {
    if (stock !== undefined) tf.unregisterGradient(kernelName);
    tf.registerGradient(ours);
  }
}

/** Runs some work with a kernel in the place of the one of its name. */
export function withKernel<T>(kernel: tf.KernelConfig, work: () => T): T {
  const { kernelName, backendName } = kernel;
  const ours = tf.getKernel(kernelName, backendName);
  if (ours === kernel) throw new Error(`${kernelName} is registered as it is already`);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel(kernel);
  try {
    return work();
  } finally {
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel(ours);
  }
}

/** Runs some work without a wasm kernel that stock TensorFlow.js lacks. */
export function withoutWasmKernel<T>(kernelName: string, work: () => T): T {
  const ours = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  try {
    return work();
  } finally {
    tf.registerKernel(ours);
  }
}

/** The gradient of `sum(weights * f(x))`. Tensors that f makes are disposed. */
export function weightedGradient(
  f: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  weights: tf.Tensor,
): tf.Tensor {
  return tf.tidy(() => tf.grad((y: tf.Tensor) => tf.sum(tf.mul(f(y), weights)))(x));
}

/** The sum of products of two lists of numbers. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
