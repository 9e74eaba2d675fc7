import * as tf from '@tensorflow/tfjs-core';

type Engine = ReturnType<typeof tf.engine>;

const mended = Symbol.for('neverend.norm');

/**
 * `tf.norm` of matrices takes the largest, or the smallest, of sums along an axis. Stock, an axis that is counted from the end is counted from
 * that of the sums, which have one axis less.
 */
export function registerNorm(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const sums = new WeakSet<tf.Tensor>();
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    if (engine.state.scopeStack.at(-2)?.name !== 'norm__op') return runKernel(name, inputs, attrs);
    if (name === 'Sum') {
      const sum = runKernel(name, inputs, attrs) as tf.Tensor;
      sums.add(sum);
      return sum;
    }
    const key = { Max: 'reductionIndices', Min: 'axis' }[name];
    const axis = key === undefined ? undefined : attrs?.[key];
    const { x } = inputs as Record<'x', tf.Tensor>;
    // An axis of -1 comes of axes that are not in order alone.
    if (typeof axis !== 'number' || axis >= -1 || !sums.has(x))
      return runKernel(name, inputs, attrs);
    return runKernel(name, inputs, { ...attrs, [key as string]: axis + 1 });
  }) as Engine['runKernel'];
}
