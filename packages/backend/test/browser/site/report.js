// What a page or a worker of the test does with the backend, and what it says.
import { randomKey, randomNormal, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

export async function report(wasmPath, { name = 'wasm', threads = 2 } = {}) {
  const start = performance.now();
  const said = await useBackend(name, { wasmPath, threads }).then(
    async ({ device, warning, fix }) => {
      const milliseconds = performance.now() - start;
      const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      // Stock XNNPACK on the threads of TensorFlow.js, and a product on those of this package.
      const image = tf.reshape(tf.range(0, 64 * 64), [1, 64, 64, 1]);
      const sums = tf.conv2d(image, tf.ones([3, 3, 1, 1]), 1, 'valid');
      const wide = tf.tensor2d(randomNormal(randomKey(7, 'x'), 150 * 150), [150, 150]);
      const [product, [sum], square] = await Promise.all(
        [tf.matMul(x, x), sums, tf.matMul(wide, wide, false, true)].map((t) => t.data()),
      );
      return { device, warning, fix, milliseconds, product: [...product], sum, square: square[1] };
    },
    ({ name, code, message }) => ({
      error: { name, code, message },
      milliseconds: performance.now() - start,
    }),
  );
  // Whatever became of that one, the next call has its turn.
  return { ...said, next: (await useBackend('cpu')).name };
}
