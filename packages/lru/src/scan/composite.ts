import type { KernelCall } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type {
  ComplexScanGradInputs,
  ComplexScanInputs,
  ScanAttrs,
  ScanGradInputs,
  ScanInputs,
} from './types.ts';

/** h, `[outer, T, inner]`. */
export function realScanComposite({
  inputs,
  attrs,
}: KernelCall<ScanInputs, ScanAttrs>): tf.Tensor[] {
  const { a, x, h0 } = inputs;
  return scan([a], [x], [h0], attrs.reverse);
}

/** The gradients by a, x and h0. */
export function realScanGradComposite({
  inputs: { dy, a, y, h0 },
  attrs,
}: KernelCall<ScanGradInputs, ScanAttrs>): tf.Tensor[] {
  return scanGrad([dy], [a], [y], [h0], attrs.reverse);
}

/** The real and the imaginary parts of h, `[outer, T, inner]`. */
export function complexScanComposite({
  inputs: { aRe, aIm, xRe, xIm, h0Re, h0Im },
  attrs,
}: KernelCall<ComplexScanInputs, ScanAttrs>): tf.Tensor[] {
  return scan([aRe, aIm], [xRe, xIm], [h0Re, h0Im], attrs.reverse);
}

/** The gradients by both parts of a, of x and of h0. */
export function complexScanGradComposite({
  inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im },
  attrs,
}: KernelCall<ComplexScanGradInputs, ScanAttrs>): tf.Tensor[] {
  return scanGrad([dyRe, dyIm], [aRe, aIm], [yRe, yIm], [h0Re, h0Im], attrs.reverse);
}

/** Real numbers as one tensor, complex numbers as two: real and imaginary parts. */
type Planes = readonly tf.Tensor[];

/** Steps of a chunk at most. */
const mostSteps = 32;

/** What states are multiplied by: as much of it as float32 holds, and what is left. */
interface Factor {
  readonly whole: Planes;
  readonly rest: Planes | undefined;
  /** False where it is 0, which forgets also what is not finite. */
  readonly goes: tf.Tensor;
}

/** A product of many factors near 1, for which float32 has too few digits. */
interface Product {
  /** Multiples of 2^-11: up to 1, their products and the sums of two products are exact. */
  readonly high: Planes;
  readonly low: Planes;
  readonly goes: tf.Tensor;
}

/**
 * h_t = a_t h_{t-1} + x_t over the middle axis. A long sequence is cut into chunks, which go side by side; the states between them are
 * a shorter sequence. (To double in each round how far a number reaches would double the error of its factor.)
 *
 * @param a `[outer, T, inner]` each. @param x `[outer, T, inner]` each. @param h0 `[outer, inner]` each.
 * @returns h, `[outer, T, inner]` each.
 */
function scan(a: Planes, x: Planes, h0: Planes, reverse: boolean): tf.Tensor[] {
  return tf.tidy(() => {
    const [outer, length, inner] = (x[0] as tf.Tensor).shape as [number, number, number];
    const levels = Math.max(1, Math.ceil(Math.log(length) / Math.log(mostSteps)));
    const steps = Math.ceil(length ** (1 / levels));
    const missing = steps ** levels - length;
    const ordered = (plane: tf.Tensor) =>
      padded(reverse ? tf.reverse(plane, 1) : plane, missing, false);
    const whole = a.map(ordered);
    const factors = { whole, rest: undefined, goes: isNotZero(whole) };
    return statesOf(factors, x.map(ordered), h0, steps).map((plane) => {
      const states = missing === 0 ? plane : tf.slice(plane, [0, 0, 0], [outer, length, inner]);
      return reverse ? tf.reverse(states, 1) : states;
    });
  });
}

/** The states of a sequence whose length is a power of `steps`. */
function statesOf(a: Factor, x: Planes, h0: Planes, steps: number): tf.Tensor[] {
  const [outer, length, inner] = (x[0] as tf.Tensor).shape as [number, number, number];
  const chunks = length / steps;
  const isCut = chunks > 1;
  /** A step of all chunks, `[outer, chunks, inner]`. */
  const step = (t: number) => (plane: tf.Tensor) => {
    const cut = tf.reshape(plane, [outer, chunks, steps, inner]);
    return tf.squeeze(tf.slice(cut, [0, 0, t, 0], [outer, chunks, 1, inner]), [2]);
  };
  const starts = h0.map((plane) => tf.expandDims(plane, 1));
  // Chunks begin with nothing. What a state before them is multiplied by comes to it at the end.
  let state: Planes = isCut ? h0.map(() => tf.zeros([outer, chunks, inner])) : starts;
  const states: Planes[] = [];
  const products: Product[] = [];
  for (let t = 0; t < steps; t++) {
    const [after, product] = tidied(() => {
      const factor = mapFactor(a, step(t));
      return [next(factor, state, x.map(step(t))), isCut && reach(products.at(-1), factor)];
    });
    state = after;
    states.push(after);
    if (product) products.push(product);
  }
  if (isCut) {
    const ends = statesOf(factorOf(products.at(-1) as Product), state, h0, steps);
    const begins = ends.map((plane, part) => {
      const others = tf.slice(plane, [0, 0, 0], [outer, chunks - 1, inner]);
      return tf.concat([starts[part] as tf.Tensor, others], 1);
    });
    for (const [t, product] of products.entries()) {
      const fromNothing = states[t] as Planes;
      const { whole, goes } = factorOf(product);
      states[t] = tidied(() => next({ whole, rest: undefined, goes }, begins, fromNothing));
      tf.dispose([...fromNothing, ...whole, ...product.high, ...product.low]);
    }
  }
  return h0.map((_, part) => {
    const planes = states.map((planes) => planes[part] as tf.Tensor);
    return tf.reshape(tf.stack(planes, 2), [outer, length, inner]);
  });
}

function tidied<T>(work: () => T): T {
  return tf.tidy(work as () => tf.TensorContainer) as T;
}

/** What follows upon a state: the input, and where it is not forgotten the factor times the state. */
function next({ whole, rest, goes }: Factor, state: Planes, input: Planes): tf.Tensor[] {
  let sum = plus(input, times(whole, state));
  if (rest !== undefined) {
    // What is not finite stays as it is: infinity less infinity would be none.
    const finite = state.map((plane) => tf.clipByValue(plane, -largest, largest));
    sum = plus(sum, times(rest, finite));
  }
  return sum.map((plane, part) => tf.where(goes, plane, input[part] as tf.Tensor));
}

/** The largest number of float32. */
const largest = (2 - 2 ** -23) * 2 ** 127;

/** To the next multiple of 2^-11. */
function rounded(x: tf.Tensor): tf.Tensor {
  const shift = 1.5 * 2 ** 12;
  return tf.sub(tf.add(x, shift), shift);
}

function split({ whole, rest, goes }: Factor): Product {
  const high = whole.map(rounded);
  const low = minus(whole, high);
  return { high, low: rest === undefined ? low : plus(low, rest), goes };
}

/** The product with one factor more. */
function reach(product: Product | undefined, factor: Factor): Product {
  if (product === undefined) return split(factor);
  const { high, low } = split(factor);
  const exact = times(product.high, high);
  const small = plus(times(product.high, low), times(product.low, factor.whole));
  const rounding = plus(exact, small).map(rounded);
  return {
    high: rounding,
    low: plus(minus(exact, rounding), small),
    goes: tf.logicalAnd(product.goes, factor.goes),
  };
}

function factorOf({ high, low, goes }: Product): Factor {
  const whole = plus(high, low);
  return { whole, rest: plus(minus(high, whole), low), goes };
}

function mapFactor({ whole, rest, goes }: Factor, change: (plane: tf.Tensor) => tf.Tensor): Factor {
  return { whole: whole.map(change), rest: rest?.map(change), goes: change(goes) };
}

function isNotZero(planes: Planes): tf.Tensor {
  return planes.map((plane) => tf.notEqual(plane, 0)).reduce((a, b) => tf.logicalOr(a, b));
}

/**
 * With g_t = dy_t + conj(a_{t+1}) g_{t+1}, the recurrence from its end: dx = g, da_t = g_t conj(h_{t-1}) and
 * dh0 = conj(a_0) g_0. Real and imaginary parts count as numbers of their own. An a of 0 forgets here too: what is not finite before it
 * has no part in any of them.
 *
 * @param y the states that the forward pass gave, `[outer, T, inner]` each.
 * @returns da and dx, `[outer, T, inner]` each, and dh0, `[outer, inner]` each, one behind the other.
 */
function scanGrad(dy: Planes, a: Planes, y: Planes, h0: Planes, reverse: boolean): tf.Tensor[] {
  const length = y[0]?.shape[1] ?? 1;
  const back = conjugate(a);
  const nothing = h0.map((state) => tf.zerosLike(state));
  const dx = scan(shifted(back, 1, !reverse), dy, nothing, !reverse);
  const before = plus(shifted(y, 1, reverse), atStart(h0, length, reverse));
  const goes = isNotZero(a);
  const da = times(dx, conjugate(before)).map((plane) => {
    const counts = tf.logicalOr(goes, tf.lessEqual(tf.abs(plane), largest));
    return tf.where(counts, plane, tf.zerosLike(plane));
  });
  const first = {
    whole: startOf(back, reverse),
    rest: undefined,
    goes: isNotZero(startOf(a, reverse)),
  };
  const dh0 = next(first, startOf(dx, reverse), nothing);
  return [...da, ...dx, ...dh0];
}

function plus(a: Planes, b: Planes): tf.Tensor[] {
  return a.map((plane, index) => tf.add(plane, b[index] as tf.Tensor));
}

function minus(a: Planes, b: Planes): tf.Tensor[] {
  return a.map((plane, index) => tf.sub(plane, b[index] as tf.Tensor));
}

function times(a: Planes, b: Planes): tf.Tensor[] {
  const [re, im] = a as [tf.Tensor, tf.Tensor?];
  const [otherRe, otherIm] = b as [tf.Tensor, tf.Tensor?];
  if (im === undefined || otherIm === undefined) return [tf.mul(re, otherRe)];
  return [
    tf.sub(tf.mul(re, otherRe), tf.mul(im, otherIm)),
    tf.add(tf.mul(re, otherIm), tf.mul(im, otherRe)),
  ];
}

function conjugate([re, im]: Planes): tf.Tensor[] {
  return im === undefined ? [re as tf.Tensor] : [re as tf.Tensor, tf.neg(im)];
}

/** The numbers of as many steps earlier in the recurrence; zeros where there was none. */
function shifted(x: Planes, steps: number, reverse: boolean): tf.Tensor[] {
  return x.map((plane) => {
    const [outer, length, inner] = plane.shape as [number, number, number];
    const kept = tf.slice(plane, [0, reverse ? steps : 0, 0], [outer, length - steps, inner]);
    return padded(kept, steps, !reverse);
  });
}

/** `[outer, inner]` where a recurrence of this length begins, zeros elsewhere. */
function atStart(states: Planes, length: number, reverse: boolean): tf.Tensor[] {
  return states.map((state) => padded(tf.expandDims(state, 1), length - 1, reverse));
}

/** What stands where the recurrence begins, `[outer, inner]`. */
function startOf(x: Planes, reverse: boolean): tf.Tensor[] {
  return x.map((plane) => {
    const [outer, length, inner] = plane.shape as [number, number, number];
    const start = tf.slice(plane, [0, reverse ? length - 1 : 0, 0], [outer, 1, inner]);
    return tf.reshape(start, [outer, inner]);
  });
}

function padded(x: tf.Tensor, steps: number, before: boolean): tf.Tensor {
  return steps === 0 ? x : tf.pad(x, [[0, 0], before ? [steps, 0] : [0, steps], [0, 0]]);
}
