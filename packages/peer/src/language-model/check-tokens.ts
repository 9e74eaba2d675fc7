import { checkTensor, described, type ShapePattern } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** @param name of what has them. @throws RangeError naming the first that is no token from 0 to V - 1, and its place. */
export function checkTokens(name: string, tokens: ArrayLike<unknown>, vocabulary: number): void {
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (Number.isInteger(token) && Number(token) >= 0 && Number(token) < vocabulary) continue;
    throw new RangeError(
      `${name} had ${described(token)} at place ${at}; it must have tokens from 0 to ${vocabulary - 1}`,
    );
  }
}

/**
 * Tokens of this shape, each from 0 to V - 1 as far as the host knows them.
 *
 * @throws ShapeError | DTypeError | RangeError naming the argument.
 */
export function checkTokenTensor(
  name: string,
  tokens: tf.Tensor,
  pattern: ShapePattern,
  vocabulary: number,
): void {
  checkTensor(name, tokens, pattern, 'int32');
  checkTokens(name, valuesHere(tokens) ?? [], vocabulary);
}

/** Backends that keep what they were given on the host until a kernel needs it. */
interface Device {
  readonly tensorMap?: { get(dataId: tf.DataId): { readonly values?: tf.TypedArray | null } };
}

/** What can be read without waiting for a device; undefined where nothing can. */
function valuesHere(tensor: tf.Tensor): tf.TypedArray | undefined {
  if (['cpu', 'wasm'].includes(tf.getBackend())) return tensor.dataSync<'int32'>();
  const { tensorMap } = tf.backend() as unknown as Device;
  return tensorMap?.get(tensor.dataId).values ?? undefined;
}
