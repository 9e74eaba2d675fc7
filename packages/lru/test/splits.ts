import { type RandomKey, randomPermutation } from '@neverend/backend';
import { expectTensorClose, type Tolerance } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { SequenceOptions } from '../src/index.ts';

type Step<State extends object> = (
  x: tf.Tensor,
  options: SequenceOptions<State>,
) => { y: tf.Tensor; state: State };

/** Points at which to cut T steps: any number of them, in order, from a key. */
export function cuts(key: RandomKey, steps: number, count: number): number[] {
  const inner = Array.from(randomPermutation(key, Math.max(steps - 1, 1))).map((at) => at + 1);
  const chosen = inner.filter((at) => at < steps).slice(0, count);
  return [0, ...chosen.sort((a, b) => a - b), steps];
}

/**
 * Holds a layer over parts of a sequence, each from the state of the part before, against the layer over the whole: outputs and
 * last state. Disposes nothing that it is given.
 *
 * @param points where the parts begin and end.
 */
export async function expectPartsLikeWhole<State extends object>(
  step: Step<State>,
  x: tf.Tensor,
  segmentPos: tf.Tensor2D | undefined,
  points: readonly number[],
  tolerance: Tolerance,
): Promise<void> {
  const [whole, parts] = tf.tidy(() => {
    const options = segmentPos === undefined ? {} : { segmentPos };
    const ys: tf.Tensor[] = [];
    let state: State | undefined;
    for (const [index, begin] of points.slice(0, -1).entries()) {
      const length = (points[index + 1] ?? 0) - begin;
      const time = <T extends tf.Tensor>(of: T): T => {
        const start = of.shape.map((_, axis) => (axis === 1 ? begin : 0));
        const size = of.shape.map((full, axis) => (axis === 1 ? length : full));
        return tf.slice(of, start, size) as T;
      };
      const part = step(time(x), {
        ...(segmentPos === undefined ? {} : { segmentPos: time(segmentPos) }),
        ...(state === undefined ? {} : { state }),
      });
      ys.push(part.y);
      state = part.state;
    }
    const result = step(x, options);
    return [flat(result), flat({ y: tf.concat(ys, 1), state: state as State })] as const;
  });
  for (const [index, tensor] of whole.entries()) {
    const expected = { shape: tensor.shape, data: await tensor.data() };
    await expectTensorClose(parts[index] as tf.Tensor, expected, tolerance);
  }
  tf.dispose([whole, parts]);
}

/** All tensors of a result, as an array. */
const flat = (container: object): tf.Tensor[] =>
  Object.values(container).flatMap((value: unknown) =>
    value instanceof tf.Tensor ? [value] : flat(value as object),
  );
