import * as tf from '@tensorflow/tfjs-core';

type Engine = ReturnType<typeof tf.engine>;

const mended = Symbol.for('neverend.ownGradients');

/**
 * Functions that bring a gradient function of their own, which no registry reaches, by their scopes. That of `losses.softmaxCrossEntropy` by
 * the labels is wrong, and so are all second ones; that of `logSigmoid` reads a tensor that may be gone. Here they are made of operations.
 */
const functions: Readonly<Record<string, (...inputs: tf.Tensor[]) => tf.Tensor>> = {
  softmaxCrossEntropy__op: (...[labels, logits]) =>
    tf.neg(
      tf.sum(
        tf.mul(tf.cast(labels as tf.Tensor, 'float32'), tf.logSoftmax(logits as tf.Tensor)),
        -1,
      ),
    ),
  logSigmoid__op: (...[x]) => tf.neg(tf.softplus(tf.neg(x as tf.Tensor))),
};

export function registerOwnGradients(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const customGrad = engine.customGrad.bind(engine) as Engine['customGrad'];
  engine.customGrad = ((f) =>
    functions[engine.state.activeScope?.name ?? ''] ?? customGrad(f)) as Engine['customGrad'];
}
