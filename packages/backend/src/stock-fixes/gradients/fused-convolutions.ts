import * as tf from '@tensorflow/tfjs-core';
import { sumToShape } from '../sum-to-shape.ts';

type Engine = ReturnType<typeof tf.engine>;

/** The scopes of the fused operations, and the kernels whose gradients theirs are. */
const scopes: Readonly<Record<string, string>> = {
  fusedConv2d__op: 'Conv2D',
  fusedDepthwiseConv2d__op: 'DepthwiseConv2dNative',
};

const mended = Symbol.for('neverend.fusedConvolutions');

/**
 * `tf.fused.conv2d` and `tf.fused.depthwiseConv2d`, and with them the layers of TensorFlow.js, bring gradient functions of
 * their own, which refuse dilations. Those of the plain convolutions take their place there.
 */
export function registerFusedConvolutions(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const customGrad = engine.customGrad.bind(engine) as Engine['customGrad'];
  engine.customGrad = ((f) => {
    const kernelName = scopes[engine.state.activeScope?.name ?? ''];
    if (kernelName === undefined) return customGrad(f);
    return customGrad((...inputs) => {
      const { result, attrs } = watched(engine, () => f(...inputs));
      const { dilations } = attrs as unknown as tf.FusedConv2DAttrs;
      if ([dilations].flat().every((step) => step === 1)) return result;
      return { value: result.value, gradFunc: gradientOf(kernelName, attrs) };
    });
  }) as Engine['customGrad'];
}

/** Runs some work, and tells with what attributes it ran its first kernel. */
function watched<T>(engine: Engine, work: () => T): { result: T; attrs: tf.NamedAttrMap } {
  const { runKernel } = engine;
  let attrs: tf.NamedAttrMap | undefined;
  engine.runKernel = ((name, inputs, of) => {
    attrs ??= of;
    return runKernel.call(engine, name, inputs, of);
  }) as Engine['runKernel'];
  try {
    return { result: work(), attrs: attrs ?? {} };
  } finally {
    engine.runKernel = runKernel;
  }
}

/** Where a gradient is recorded the operation has no activation. What it saved: filter, x, y and, if there is one, the bias. */
const gradientOf =
  (kernelName: string, attrs: tf.NamedAttrMap) =>
  (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
    const [filter, x, y, bias] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
    const whole = tf.reshape(dy, y.shape);
    const gradients = tf.getGradient(kernelName).gradFunc(whole, [x, filter], attrs) as Record<
      'x' | 'filter',
      () => tf.Tensor
    >;
    const ofBias = bias === undefined ? [] : [sumToShape(whole, bias.shape)];
    return [gradients.x(), gradients.filter(), ...ofBias];
  };
