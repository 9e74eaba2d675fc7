import * as tf from '@tensorflow/tfjs-core';
import {
  type CaseOutput,
  callOp,
  callOpNow,
  directionAt,
  inputTensor,
  type OpSweepCase,
  weightAt,
} from './op-sweep-case.ts';

/** What was found out about a part of a case: `right`, or how it fails. */
export interface Judgement {
  readonly value: string;
  readonly gradient?: string;
  readonly second?: string;
}

/** How far a number may be off: in relation to itself, and to the largest of its tensor. */
interface Room {
  readonly own: number;
  readonly largest: number;
}

// Sums of some hundred float32 numbers, and functions that GPUs compute to some 1e-5. A gradient has more operations, and a
// second one has more of them still. What is wrong in earnest is off by more than 1e-2.
const rooms = {
  value: { own: 5e-5, largest: 2e-6 },
  relative: { own: 5e-5, largest: 0 },
  gradient: { own: 2e-4, largest: 1e-5 },
  second: { own: 1e-3, largest: 1e-4 },
};

/** Runs a case on the current backend, and holds it against its numbers. */
export async function judgeCase(sweepCase: OpSweepCase): Promise<Judgement> {
  const { outputs, gradients, seconds, bounds, relative } = sweepCase;
  const value = await verdict(sweepCase, async (inputs) => {
    const found = await callOp(sweepCase, inputs);
    return await outputsDiffer(found, outputs, relative ? rooms.relative : rooms.value);
  });
  const ofFirst = (inputs: tf.Tensor[]) =>
    gradientsOf(floats(inputs), () => sumOf(sweepCase, inputs));
  if (bounds !== undefined) {
    const gradient = await verdict(sweepCase, async (inputs) => {
      const found = (await numbersOf(ofFirst(inputs))).flat();
      const scale = Math.max(1, ...found.map(Math.abs));
      const beyond = bounds.find(({ way, low, high }) => {
        const along = way.reduce((sum, step, k) => sum + step * (found[k] ?? Number.NaN), 0);
        return !(along >= low - 1e-3 * scale && along <= high + 1e-3 * scale);
      });
      return beyond && 'no gradient of it at a corner';
    });
    return { value, gradient };
  }
  if (gradients === undefined) return { value };
  const gradient = await verdict(sweepCase, async (inputs) =>
    listsDiffer(await numbersOf(ofFirst(inputs)), gradients, rooms.gradient),
  );
  if (seconds === undefined) return { value, gradient };
  const second = await verdict(sweepCase, async (inputs) => {
    const along = () => {
      let start = 0;
      const terms = ofFirst(inputs).map((part) => {
        const steps = Float32Array.from({ length: part.size }, (_, k) => directionAt(start + k));
        start += part.size;
        return tf.sum(tf.mul(part, tf.tensor(steps, part.shape)));
      });
      return tf.addN(terms) as tf.Scalar;
    };
    return listsDiffer(await numbersOf(gradientsOf(floats(inputs), along)), seconds, rooms.second);
  });
  return { value, gradient, second };
}

/** Runs some work on the inputs, disposes all that it makes, and says what was wrong. */
async function verdict(
  { inputs }: OpSweepCase,
  work: (inputs: tf.Tensor[]) => Promise<string | undefined>,
): Promise<string> {
  const engine = tf.engine();
  engine.startScope();
  try {
    return (await work(inputs.map(inputTensor))) ?? 'right';
  } catch (error) {
    return `throws: ${messageOf(error)}`;
  } finally {
    engine.endScope();
  }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();

const floats = (inputs: readonly tf.Tensor[]): tf.Tensor[] =>
  inputs.filter(({ dtype }) => dtype === 'float32');

/** Gradients of a number; zeros where it does not depend on an input. */
function gradientsOf(xs: tf.Tensor[], value: () => tf.Scalar): tf.Tensor[] {
  const { grads } = tf.engine().gradients(value, xs, undefined, true);
  return xs.map((x, index) => (grads[index] as tf.Tensor | null | undefined) ?? tf.zeros(x.shape));
}

/** The weighted sum of all outputs of floating-point numbers, the parts of complex ones side by side. */
function sumOf(sweepCase: OpSweepCase, inputs: readonly tf.Tensor[]): tf.Scalar {
  let start = 0;
  const parts = callOpNow(sweepCase, inputs).flatMap((y) => {
    if (y.dtype === 'complex64') return [tf.real(y), tf.imag(y)];
    return y.dtype === 'float32' ? [y] : [];
  });
  const sums = parts.map((y) => {
    const weights = Float32Array.from({ length: y.size }, (_, k) => weightAt(start + k));
    start += y.size;
    return tf.sum(tf.mul(y, tf.tensor(weights, y.shape)));
  });
  return tf.addN(sums) as tf.Scalar;
}

const numbersOf = (tensors: readonly tf.Tensor[]): Promise<number[][]> =>
  Promise.all(tensors.map(async (x) => Array.from(await x.data())));

async function outputsDiffer(
  found: readonly tf.Tensor[],
  wanted: readonly CaseOutput[],
  room: Room,
): Promise<string | undefined> {
  if (found.length !== wanted.length) {
    return `gives ${found.length} tensors instead of ${wanted.length}`;
  }
  for (const [index, { shape, dtype, data, every = 1 }] of wanted.entries()) {
    const tensor = found[index] as tf.Tensor;
    if (`${tensor.shape}` !== `${shape}`) return `shape [${tensor.shape}] instead of [${shape}]`;
    if (tensor.dtype !== dtype) return `${tensor.dtype} instead of ${dtype}`;
    const all = await tensor.data();
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (all.length !== (dtype === 'complex64' ? 2 * size : size)) {
      return `${all.length} numbers in the shape [${shape}]`;
    }
    const some = data.map((_, k) => Number(all[k * every]));
    const exact = dtype === 'int32' || dtype === 'bool';
    const differs = listDiffers(some, data, exact ? { own: 0, largest: 0 } : room);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

function listsDiffer(
  found: readonly (readonly number[])[],
  wanted: readonly (readonly (number | string)[])[],
  room: Room,
): string | undefined {
  for (const [index, list] of wanted.entries()) {
    const differs = listDiffers(found[index] ?? [], list, room);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

function listDiffers(
  found: readonly number[],
  wanted: readonly (number | string)[],
  room: Room,
): string | undefined {
  if (found.length !== wanted.length) return `${found.length} numbers instead of ${wanted.length}`;
  const right = wanted.map(Number);
  const largest = Math.max(0, ...right.filter(Number.isFinite).map(Math.abs));
  for (const [k, number] of right.entries()) {
    const is = found[k] as number;
    if (Object.is(is, number) || is === number) continue;
    if (Math.abs(is - number) <= room.own * Math.abs(number) + room.largest * largest) continue;
    return `${short(is)} instead of ${short(number)}`;
  }
  return undefined;
}

const short = (value: number): string => `${Number(value.toPrecision(4))}`;
