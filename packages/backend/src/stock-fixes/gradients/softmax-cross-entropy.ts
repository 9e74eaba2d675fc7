import * as tf from '@tensorflow/tfjs-core';

type Engine = ReturnType<typeof tf.engine>;

const scope = 'softmaxCrossEntropy__op';
const mended = Symbol.for('neverend.softmaxCrossEntropy');

/**
 * `tf.losses.softmaxCrossEntropy` brings a gradient function of its own, which no registry reaches: that by the labels is wrong, and so are
 * all second ones. It is computed out of operations with right ones instead.
 */
export function registerSoftmaxCrossEntropy(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const customGrad = engine.customGrad.bind(engine) as Engine['customGrad'];
  engine.customGrad = ((f) => {
    if (engine.state.activeScope?.name !== scope) return customGrad(f);
    return (...[labels, logits]: tf.Tensor[]) =>
      tf.neg(
        tf.sum(
          tf.mul(tf.cast(labels as tf.Tensor, 'float32'), tf.logSoftmax(logits as tf.Tensor)),
          -1,
        ),
      );
  }) as Engine['customGrad'];
}
