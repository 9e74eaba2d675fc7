import { describeBackends, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { cosine, sine } from '../src/cos-sin.ts';

await describeBackends('cosine and sine', () => {
  it('are those of float64 to a millionth over several turns, and so are their slopes', async () => {
    const angles = Float32Array.from({ length: 4001 }, (_, index) => (index - 2000) / 100);
    const x = tf.tensor1d(angles);
    const close = { rtol: 0, atol: 2e-6 };
    const cosines = Float64Array.from(angles, Math.cos);
    const sines = Float64Array.from(angles, Math.sin);
    await expectTensorClose(cosine(x), cosines, close);
    await expectTensorClose(sine(x), sines, close);
    await expectTensorClose(
      tf.grad(cosine)(x),
      sines.map((value) => -value),
      close,
    );
    await expectTensorClose(tf.grad(sine)(x), cosines, close);
  });
});
