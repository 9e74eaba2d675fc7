// In a process of its own: it takes what stock TensorFlow.js gives before any mend.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak, expectTensorClose } from '../../src/testing/index.ts';

const start = [1, -2, 0.5];
const gradients = [
  [1.4, 0, -0.2],
  [-0.6, 0, 0.1],
  [0.3, 2, 0.1],
];

/** What some steps with these gradients make of a variable. */
function stepped(optimizer: tf.Optimizer, steps = gradients): tf.Tensor {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d(start), true));
  for (const gradient of steps) {
    const tensor = tf.tensor1d(gradient);
    optimizer.applyGradients([{ name: variable.name, tensor }]);
    tensor.dispose();
  }
  const end = tf.clone(variable);
  variable.dispose();
  optimizer.dispose();
  return end;
}

const [rate, decay, momentum, epsilon] = [0.1, 0.9, 0.5, 1e-3];

/** The rules of TensorFlow's `rmsprop` with `centered`, and of M. D. Zeiler's Adadelta (2012), for one number. */
const rules = {
  rmsProp(value: number, steps: number[]) {
    let [square, mean, moment] = [0, 0, 0];
    return steps.reduce((x, g) => {
      square = decay * square + (1 - decay) * g * g;
      mean = decay * mean + (1 - decay) * g;
      moment = momentum * moment + (rate * g) / Math.sqrt(square - mean * mean + epsilon);
      return x - moment;
    }, value);
  },
  adadelta(value: number, steps: number[]) {
    let [square, update] = [0, 0];
    return steps.reduce((x, g) => {
      square = decay * square + (1 - decay) * g * g;
      const step = (Math.sqrt(update + epsilon) / Math.sqrt(square + epsilon)) * g;
      update = decay * update + (1 - decay) * step * step;
      return x - rate * step;
    }, value);
  },
};

const optimizers = {
  rmsProp: () => tf.train.rmsprop(rate, decay, momentum, epsilon, true),
  adadelta: () => tf.train.adadelta(rate, decay, epsilon),
};

await tf.setBackend('cpu');
const stock = {
  rmsProp: await stepped(optimizers.rmsProp(), [[0, 0, 0]]).data(),
  adadelta: await stepped(tf.train.adadelta(1, 0.95, 1e-7), [[1.4, 0, 0]]).data(),
};

await describeBackends('optimizers of TensorFlow.js', () => {
  it('are wrong in stock TensorFlow.js', () => {
    expect([...stock.rmsProp]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(stock.adadelta[0]).toBeCloseTo(-0.4);
  });

  it.each(['rmsProp', 'adadelta'] as const)('follow their rule: %s', async (name) => {
    const wanted = start.map((value, index) =>
      rules[name](
        value,
        gradients.map((gradient) => gradient[index] ?? 0),
      ),
    );
    await expectTensorClose(stepped(optimizers[name]()), wanted);
    await expectNoLeak(() => stepped(optimizers[name]()).dispose());
  });

  it('minimize a loss by name, and keep what they keep', async () => {
    const variable = tf.variable(tf.scalar(1), true);
    const optimizer = tf.train.adadelta(1, 0.95, 1e-7);
    optimizer.minimize(() => tf.square(tf.sub(variable, 0.3)) as tf.Scalar);
    await expectTensorClose(variable, [0.998586]);
    const weights = await optimizer.getWeights();
    expect(weights.map(({ name }) => name)).toEqual([
      'iter',
      `${variable.name}/accum_grad`,
      `${variable.name}/accum_var`,
    ]);
    tf.dispose([variable, ...weights.map(({ tensor }) => tensor)]);
  });
});
