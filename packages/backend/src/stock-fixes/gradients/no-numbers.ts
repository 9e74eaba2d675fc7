import * as tf from '@tensorflow/tfjs-core';

/** What TensorFlow.js' engine records of an operation. */
export interface TapeNode {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
  gradient?: (dys: tf.Tensor[]) => Record<string, () => tf.Tensor>;
}

const isEmpty = ({ size }: tf.Tensor): boolean => size === 0;

/**
 * The gradient by a tensor of no numbers, and by any tensor of an operation that gives none, is zeros. Stock, sums to the shape of an
 * operand that was broadcast to none throw, and those of `prod` divide by 0.
 */
export function endAtNoNumbers(node: TapeNode): void {
  const { inputs, outputs, gradient } = node;
  const all = Object.entries(inputs);
  const none = outputs.every(isEmpty);
  if (gradient === undefined || !(none || all.some(([, x]) => isEmpty(x)))) return;
  const zeros = (x: tf.Tensor) => () => tf.fill(x.shape, 0, 'float32');
  const zerosOf = (list: typeof all) =>
    Object.fromEntries(list.map(([name, x]) => [name, zeros(x)]));
  node.gradient = (dys) =>
    none ? zerosOf(all) : { ...gradient(dys), ...zerosOf(all.filter(([, x]) => isEmpty(x))) };
}
