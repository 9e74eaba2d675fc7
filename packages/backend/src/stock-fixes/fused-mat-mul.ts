import * as tf from '@tensorflow/tfjs-core';
import { sumToShape } from './sum-to-shape.ts';

type Engine = ReturnType<typeof tf.engine>;
type CustomGrad = Engine['customGrad'];

const scope = 'fusedMatMul__op';
const mended = Symbol.for('neverend.fusedMatMul');

/**
 * `tf.fused.matMul` brings a gradient function of its own, which no registry reaches: it gives one gradient
 * per member of the batch also for an operand that was broadcast over it. Those are summed where the engine
 * takes the function.
 */
export function registerFusedMatMul(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const customGrad = engine.customGrad.bind(engine) as CustomGrad;
  engine.customGrad = ((f) => {
    if (engine.state.activeScope?.name !== scope) return customGrad(f);
    return customGrad((...inputs) => {
      const { value, gradFunc } = f(...inputs);
      return {
        value,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
          [gradFunc(dy as never, saved)]
            .flat()
            .map((gradient, index) => sumToShape(gradient, (inputs[index] as tf.Tensor).shape)),
      };
    });
  }) as CustomGrad;
}
