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

/**
 * h_t = a_t h_{t-1} + x_t over the middle axis in ceil(log2 T) rounds, each of which doubles how many steps a number
 * reaches back (Hillis and Steele, "Data parallel algorithms", CACM 1986).
 *
 * @param a `[outer, T, inner]` each. @param x `[outer, T, inner]` each. @param h0 `[outer, inner]` each.
 * @returns h, `[outer, T, inner]` each.
 */
function scan(a: Planes, x: Planes, h0: Planes, reverse: boolean): tf.Tensor[] {
  const length = x[0]?.shape[1] ?? 1;
  // The first step meets h0; after it nothing reaches further back.
  let h = tf.tidy(() => plus(x, times(a, atStart(h0, length, reverse))));
  let reach: Planes = a;
  for (let distance = 1; distance < length; distance *= 2) {
    // Each round frees what the one before made: all of them at once would fill the 4 GiB of wasm.
    const [next, further] = tf.tidy(() => [
      plus(h, times(reach, shifted(h, distance, reverse))),
      2 * distance < length ? times(reach, shifted(reach, distance, reverse)) : [],
    ]) as [tf.Tensor[], tf.Tensor[]];
    tf.dispose(reach === a ? h : [...h, ...reach]);
    h = next;
    reach = further;
  }
  return h;
}

/**
 * With g_t = dy_t + conj(a_{t+1}) g_{t+1}, the recurrence from its end: dx = g, da_t = g_t conj(h_{t-1}) and
 * dh0 = conj(a_0) g_0. Real and imaginary parts count as numbers of their own.
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
  const da = times(dx, conjugate(before));
  const dh0 = times(startOf(back, reverse), startOf(dx, reverse));
  return [...da, ...dx, ...dh0];
}

function plus(a: Planes, b: Planes): tf.Tensor[] {
  return a.map((plane, index) => tf.add(plane, b[index] as tf.Tensor));
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
