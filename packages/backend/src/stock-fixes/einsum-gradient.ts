import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from './registry.ts';

const einsum: tf.GradConfig = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradFunc: (dy, operands, attrs) => {
    const { terms, output } = parseEinsum((attrs as unknown as tf.EinsumAttrs).equation);
    return Object.fromEntries(
      operands.map((operand, index) => [
        index,
        () => gradient(dy as tf.Tensor, output, operand, terms, index, operands[1 - index]),
      ]),
    );
  },
};

/** The labels of each operand and those of the result. */
export function parseEinsum(equation: string): { terms: string[]; output: string } {
  const [inputs = '', output = ''] = equation.replaceAll(/\s/g, '').split('->');
  return { terms: inputs.split(','), output };
}

function gradient(
  dy: tf.Tensor,
  output: string,
  operand: tf.Tensor,
  terms: readonly string[],
  index: number,
  other: tf.Tensor | undefined,
): tf.Tensor {
  const own = terms[index] ?? '';
  const rest = terms[1 - index] ?? '';
  const kept = [...own].filter((label) => output.includes(label) || rest.includes(label));
  const reached =
    other === undefined
      ? tf.transpose(
          dy,
          kept.map((label) => output.indexOf(label)),
        )
      : (tf.einsum(
          `${output},${rest}->${kept.join('')}`,
          dy,
          tf.cast(other, 'float32'),
        ) as tf.Tensor);
  if (kept.length === own.length) return reached;
  // A label that this operand alone has was summed: its gradient is the same all along it.
  const along = [...own].map(
    (label, axis) => [kept.includes(label), operand.shape[axis] ?? 1] as const,
  );
  const slim = tf.reshape(
    reached,
    along.map(([present, size]) => (present ? size : 1)),
  );
  return tf.tile(
    slim,
    along.map(([present, size]) => (present ? 1 : size)),
  );
}

/** An operand's gradient is an einsum of dy and the other operand. Stock TensorFlow.js has none. */
export function registerEinsumGradient(): void {
  replaceGradient(einsum);
}
