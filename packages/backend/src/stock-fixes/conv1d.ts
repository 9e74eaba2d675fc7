import * as tf from '@tensorflow/tfjs-core';

type Engine = ReturnType<typeof tf.engine>;

const mended = Symbol.for('neverend.conv1d');

/** `tf.conv1d` is a conv2d of images of one row. Stock, a number as its pad is put above and below that row too, and the shapes do not fit. */
export function registerConv1d(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    const pad = name === 'Conv2D' ? attrs?.['pad'] : undefined;
    if (typeof pad !== 'number' || engine.state.scopeStack.at(-2)?.name !== 'conv1d__op') {
      return runKernel(name, inputs, attrs);
    }
    const none = [0, 0];
    return runKernel(name, inputs, { ...attrs, pad: [none, none, [pad, pad], none] });
  }) as Engine['runKernel'];
}
