import {
  expectCloseToScale,
  expectNoLeak,
  type Golden,
  poisonMemory,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { SequenceOptions } from '../src/index.ts';

/** A state of one tensor, or of several by name. */
type State = tf.Tensor | Readonly<Record<string, tf.Tensor>>;

type Layer = (
  x: tf.Tensor,
  params: Params,
  options: SequenceOptions<never>,
) => { y: tf.Tensor; state: State };

/** The cases of a golden file, by name. */
export const caseNames = ({ arrays }: Golden): string[] => [
  ...new Set(Object.keys(arrays).map((name) => name.split('/')[0] ?? '')),
];

/** An array of a golden file as a tensor of its own dtype. */
export function goldenTensor({ arrays }: Golden, name: string): tf.Tensor {
  const array = arrays[name];
  if (array === undefined) throw new Error(`the golden file has no ${name}`);
  return tf.tensor([...array.data], [...array.shape], array.dtype as 'float32' | 'int32');
}

/** Tensors of a golden file below a prefix, without it. */
export const goldenTensors = (golden: Golden, prefix: string): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.keys(golden.arrays)
      .filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), goldenTensor(golden, name)]),
  );

/**
 * Holds a layer's output, last state and the gradients of sum(dy y) + sum(dLast last) on the current backend against a case
 * of a golden file. Where the state has parts, they are the file's `stateX`, `lastX` and so on, with a capital letter; what has
 * no `dLastX` counts for nothing in the sum.
 *
 * @param tolerance in units of the largest number of each tensor. @param outputs the results to compare; all if left out.
 */
export async function expectLikeOfficial(
  golden: Golden,
  name: string,
  layer: Layer,
  tolerance: number,
  outputs?: readonly string[],
): Promise<void> {
  poisonMemory();
  await expectNoLeak(async () => {
    const results = tf.tidy(() => compute(golden, name, layer));
    try {
      await expectArrays(golden, name, results, tolerance, outputs);
    } finally {
      tf.dispose(results);
    }
  });
}

/** Holds a layer's output and last state, one step at a time from the state of the step before, against a case of a golden file. */
export async function expectStreamedLikeOfficial(
  golden: Golden,
  name: string,
  layer: Layer,
  tolerance: number,
  outputs?: readonly string[],
): Promise<void> {
  const results = tf.tidy(() => {
    const of = (part: string) => goldenTensor(golden, `${name}/${part}`);
    const params = goldenTensors(golden, `${name}/p/`);
    const before = goldenTensors(golden, `${name}/state`);
    let state = joined(Object.keys(before), Object.values(before));
    const positions = tf.split(of('segmentPos'), of('segmentPos').shape[1] ?? 1, 1);
    const ys = tf.split(of('x'), positions.length, 1).map((x, step) => {
      const options = { segmentPos: positions[step], ...(state === undefined ? {} : { state }) };
      const result = layer(x, params, options as SequenceOptions<never>);
      state = result.state;
      return result.y;
    });
    return { y: tf.concat(ys, 1), ...parts('last', state as State) };
  });
  await expectArrays(golden, name, results, tolerance, outputs);
  tf.dispose(results);
}

async function expectArrays(
  golden: Golden,
  name: string,
  results: Readonly<Record<string, tf.Tensor>>,
  tolerance: number,
  outputs: readonly string[] = Object.keys(results),
): Promise<void> {
  for (const output of outputs) {
    const [tensor, expected] = [results[output], golden.arrays[`${name}/${output}`]];
    if (tensor === undefined) throw new Error(`the layer has no ${output}`);
    if (expected === undefined) throw new Error(`the golden file has no ${name}/${output}`);
    await expectCloseToScale(output, tensor, expected, tolerance);
  }
}

function compute(golden: Golden, name: string, layer: Layer): Record<string, tf.Tensor> {
  const of = (part: string) => goldenTensor(golden, `${name}/${part}`);
  const params = goldenTensors(golden, `${name}/p/`);
  const states = goldenTensors(golden, `${name}/state`);
  const segmentPos = of('segmentPos');
  const names = ['x', ...Object.keys(params), ...Object.keys(states).map((part) => `state${part}`)];
  const count = Object.keys(params).length;
  const run = (tensors: readonly tf.Tensor[]): Record<string, tf.Tensor> => {
    const given = Object.keys(params).map((param, index) => [param, tensors[1 + index]]);
    const state = joined(Object.keys(states), tensors.slice(1 + count));
    const options = { segmentPos, ...(state === undefined ? {} : { state }) };
    const result = layer(
      tensors[0] as tf.Tensor,
      Object.fromEntries(given) as Params,
      options as SequenceOptions<never>,
    );
    return { y: result.y, ...parts('last', result.state) };
  };
  const loss = (...tensors: tf.Tensor[]) =>
    tf.addN(
      Object.entries(run(tensors)).flatMap(([output, value]) => {
        const weight = output === 'y' ? 'dy' : output.replace('last', 'dLast');
        return `${name}/${weight}` in golden.arrays ? [tf.sum(tf.mul(value, of(weight)))] : [];
      }),
    );
  const inputs = [of('x'), ...Object.values(params), ...Object.values(states)];
  const gradients = tf.grads(loss)(inputs);
  const labels = names.map((label, index) => {
    if (index === 0) return 'dx';
    return index <= count ? `g/${label}` : label.replace('state', 'dState');
  });
  return {
    ...run(inputs),
    ...Object.fromEntries(labels.map((label, index) => [label, gradients[index] as tf.Tensor])),
  };
}

/** The state as the layer takes it, of the file's parts: '' where it is one tensor. */
function joined(names: readonly string[], tensors: readonly tf.Tensor[]): State | undefined {
  if (names.length === 0) return undefined;
  if (names[0] === '') return tensors[0];
  return Object.fromEntries(
    names.map((name, index) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      tensors[index] as tf.Tensor,
    ]),
  );
}

function parts(prefix: string, state: State): Record<string, tf.Tensor> {
  if (state instanceof tf.Tensor) return { [prefix]: state };
  return Object.fromEntries(
    Object.entries(state).map(([name, tensor]) => [
      `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      tensor,
    ]),
  );
}
