import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { described } from '../described.ts';

/**
 * Calls a function, and then again with each of its arguments, and each property of these, replaced by what it cannot be: nothing, something of another type, NaN, a tensor
 * that was disposed. Each time one sentence must name what was replaced, and no tensor be left.
 *
 * @param good makes arguments with which the call is right, by what messages call them and in their order. What is optional has a value to be replaced.
 * @param free names of what may be anything.
 */
export async function expectArgumentsNamed(
  call: (...args: never[]) => unknown,
  good: () => object,
  free: readonly string[] = [],
): Promise<void> {
  const outcome = async (args: object): Promise<unknown> => {
    try {
      tf.dispose((await call(...(Object.values(args) as never[]))) as tf.Tensor);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  tf.engine().startScope();
  const args = good();
  try {
    expect(await outcome(args)).toBeUndefined();
    const before = tf.memory().numTensors;
    for (const [path, wrong] of replaced(args)) {
      const name = path.at(-1) as string;
      if (free.includes(name)) continue;
      const error = await outcome(withValue(args, path, wrong));
      const met = `${path.join('.')} was ${described(wrong)}`;
      // Below an argument, as an option, null may stand for what is left out.
      if (error === undefined && wrong === null && path.length > 1) continue;
      const message = error instanceof Error ? error.message : 'no error';
      const [said = ''] = message.split(';');
      const isNamed = wordOf(name).test(said) && /; .*\bmust\b/.test(message);
      expect(isNamed, `${met}: ${message}`).toBe(true);
      expect(tf.memory().numTensors, `${met}: tensors are left`).toBe(before);
    }
  } finally {
    tf.dispose(args as tf.TensorContainer);
    tf.engine().endScope();
  }
}

/** A name that stands for itself, and is no part of another. */
const wordOf = (name: string): RegExp =>
  new RegExp(`(?<!\\w)${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`);

/** Each place below an object, and what cannot be there. */
function* replaced(of: object, above: readonly string[] = []): Iterable<[string[], unknown]> {
  for (const [name, value] of Object.entries(of)) {
    const path = [...above, name];
    for (const wrong of wrongFor(value)) yield [path, wrong];
    yield [path, null];
    if (isPlain(value) && !isKey(value)) yield* replaced(value, path);
  }
}

function wrongFor(value: unknown): readonly unknown[] {
  if (value instanceof tf.Tensor) return [3, {}, disposedLike(value)];
  switch (typeof value) {
    case 'number':
      return [Number.NaN, '1', 1n];
    case 'boolean':
      return [0, String(value)];
    case 'string':
      return [3, {}];
    case 'function':
      return [3, {}];
    default:
      return isKey(value) ? [3, 'a', {}] : [3, 'a'];
  }
}

function disposedLike(tensor: tf.Tensor): tf.Tensor {
  const gone = tensor instanceof tf.Variable ? tf.variable(tensor) : tf.clone(tensor);
  gone.dispose();
  return gone;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isKey = (value: unknown): boolean => isPlain(value) && 'low' in value && 'high' in value;

function withValue(of: object, [name, ...below]: readonly string[], value: unknown): object {
  const key = name as keyof typeof of;
  return { ...of, [key]: below.length === 0 ? value : withValue(of[key], below, value) };
}
