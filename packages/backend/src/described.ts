import { engine, Tensor, Variable } from '@tensorflow/tfjs-core';

/** What something of the wrong kind was, for messages. */
export function described(value: unknown): string {
  if (value instanceof Tensor) return isLive(value) ? 'a tensor' : 'a disposed tensor';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** False for a tensor that was disposed; a variable also by `tf.disposeVariables`, which does not mark it so. */
export function isLive(tensor: Tensor): boolean {
  if (tensor.isDisposed) return false;
  return !(tensor instanceof Variable) || engine().registeredVariables[tensor.name] === tensor;
}
