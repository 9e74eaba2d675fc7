import * as tf from '@tensorflow/tfjs-core';

type Engine = ReturnType<typeof tf.engine>;

/** An image, and how its places were dealt out to a batch of images, each of whose windows has no dilations. */
interface Dealt {
  readonly x: tf.Tensor4D;
  readonly blockShape: number[];
  readonly paddings: readonly [[number, number], [number, number]];
}

/** Deals out what was padded with a number other than zero. */
function deal({ x, blockShape, paddings }: Dealt, pad: number): tf.Tensor {
  const padded = tf.pad4d(x, [[0, 0], ...paddings, [0, 0]], pad);
  const none = blockShape.map(() => [0, 0]);
  return tf.spaceToBatchND(padded, blockShape, none);
}

const mended = Symbol.for('neverend.dilatedPool');

/** Stock, the pads `same` of a `tf.pool` with dilations are zeros among its numbers. */
export function registerDilatedPool(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const dealt = new WeakMap<tf.Tensor, Dealt>();
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    if (engine.state.scopeStack.at(-2)?.name !== 'pool__op') return runKernel(name, inputs, attrs);
    const { x } = inputs as Record<'x', tf.Tensor>;
    const from = dealt.get(x);
    if (from !== undefined && name === 'MaxPool') {
      const least = x.dtype === 'int32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
      return runKernel(name, { x: deal(from, least) }, attrs);
    }
    const y = runKernel(name, inputs, attrs) as tf.Tensor;
    if (name === 'SpaceToBatchND') {
      dealt.set(y, { x: x as tf.Tensor4D, ...(attrs as unknown as Omit<Dealt, 'x'>) });
    }
    if (from === undefined || name !== 'AvgPool') return y;
    const ones = { ...from, x: tf.onesLike(from.x) };
    // Some windows of pads alone are cut off again.
    return tf.divNoNan(y, runKernel(name, { x: deal(ones, 0) }, attrs) as tf.Tensor);
  }) as Engine['runKernel'];
}
