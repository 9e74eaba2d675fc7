import * as tf from '@tensorflow/tfjs-core';
import { sumToShape } from './sum-to-shape.ts';

type Engine = ReturnType<typeof tf.engine>;
type CustomGrad = Engine['customGrad'];

const scope = 'fusedMatMul__op';
const mended = Symbol.for('neverend.fusedMatMul');

/**
 * `tf.fused.matMul` brings a gradient function of its own, which no registry reaches: it gives one gradient
 * per member of the batch also for an operand that was broadcast over it. Those are summed where the engine
 * takes the function. Before that all axes of a batch have become one, so that batches which broadcast each other do not fit any more:
 * they are broadcast there.
 */
export function registerFusedMatMul(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  /** The batches of operands, before their axes became one. */
  const batches = new WeakMap<tf.Tensor, number[]>();
  let operands: Record<'a' | 'b', tf.Tensor> | undefined;
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    if (name === '_FusedMatMul' && operands !== undefined) {
      return runKernel(name, { ...inputs, ...operands }, attrs);
    }
    const y = runKernel(name, inputs, attrs) as tf.Tensor;
    if (name === 'Reshape' && engine.state.scopeStack.at(-2)?.name === scope) {
      batches.set(y, (inputs as Record<'x', tf.Tensor>).x.shape.slice(0, -2));
    }
    return y;
  }) as Engine['runKernel'];
  const customGrad = engine.customGrad.bind(engine) as CustomGrad;
  engine.customGrad = ((f) => {
    if (engine.state.activeScope?.name !== scope) return customGrad(f);
    const summed = customGrad((...inputs) => {
      const [a, b] = inputs as [tf.Tensor, tf.Tensor];
      operands = { a, b };
      try {
        const { value, gradFunc } = f(...inputs);
        return {
          value,
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
            [gradFunc(dy as never, saved)]
              .flat()
              .map((gradient, index) => sumToShape(gradient, (inputs[index] as tf.Tensor).shape)),
        };
      } finally {
        operands = undefined;
      }
    });
    return ((a: tf.Tensor, b: tf.Tensor, ...bias: tf.Tensor[]) => {
      const [ofA, ofB] = [batches.get(a) ?? [], batches.get(b) ?? []];
      const whole = tf.backend_util.assertAndGetBroadcastShape(ofA, ofB);
      return summed(broadcast(a, ofA, whole), broadcast(b, ofB, whole), ...bias);
    }) as ReturnType<CustomGrad>;
  }) as CustomGrad;
}

/** One matrix for each member of the whole batch, but where there is one for all. */
function broadcast(x: tf.Tensor, batch: readonly number[], whole: readonly number[]): tf.Tensor {
  const [members = 1, rows = 1, columns = 1] = x.shape;
  const all = tf.util.sizeFromShape([...whole]);
  if (members === 1 || members === all) return x;
  const flat = tf.reshape(x, [...batch, rows * columns]);
  return tf.reshape(tf.broadcastTo(flat, [...whole, rows * columns]), [all, rows, columns]);
}
