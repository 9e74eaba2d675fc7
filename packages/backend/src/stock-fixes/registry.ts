import * as tf from '@tensorflow/tfjs-core';

/** Puts a gradient in the place of the one that is registered, if it is not there yet. */
export function replaceGradient(config: tf.GradConfig): void {
  const { kernelName } = config;
  const present: tf.GradConfig | undefined = tf.getGradient(kernelName);
  if (present === config) return;
  // In debug mode TensorFlow.js warns where one is overridden.
  if (present !== undefined) tf.unregisterGradient(kernelName);
  tf.registerGradient(config);
}

/** Registers a kernel where the backend has none of this name. */
export function addKernel(config: tf.KernelConfig): void {
  const present: tf.KernelConfig | undefined = tf.getKernel(config.kernelName, config.backendName);
  if (present === undefined) tf.registerKernel(config);
}

/** Puts a kernel in the place of the one that the backend has, if it has one. */
export function replaceKernel(config: tf.KernelConfig): void {
  const { kernelName, backendName } = config;
  const present: tf.KernelConfig | undefined = tf.getKernel(kernelName, backendName);
  if (present === undefined || present === config) return;
  // TensorFlow.js warns where one is overridden.
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel(config);
}

const layersOf = new WeakMap<tf.KernelConfig, readonly string[]>();

/**
 * Puts a kernel made of the one that the backend has into its place, if it has one; once for each layer.
 *
 * @param layer names what is mended where several mends wrap the same kernel.
 */
export function wrapKernel(
  kernelName: string,
  backendName: string,
  wrap: (stock: tf.KernelConfig) => tf.KernelConfig,
  layer = 'numbers',
): void {
  const stock: tf.KernelConfig | undefined = tf.getKernel(kernelName, backendName);
  if (stock === undefined) return;
  const layers = layersOf.get(stock) ?? [];
  if (layers.includes(layer)) return;
  const config = wrap(stock);
  layersOf.set(config, [...layers, layer]);
  replaceKernel(config);
}

/** The gradient of what has none: zeros, which are float32 whatever the dtype of the input. */
export function noGradient(input: tf.Tensor | undefined): () => tf.Tensor {
  if (input === undefined) throw new Error('the gradient was called without what the kernel saved');
  return () => tf.fill(input.shape, 0, 'float32');
}
