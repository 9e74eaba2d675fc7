import { exp } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';
import { loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';

export { sumColumns } from '@neverend/backend/assembly/sums.as';

// The gates of the RG-LRU over rows of `width` numbers, `tokens` of which share a step and its `reset`: 1 where a sequence
// begins and 0 elsewhere. Both gates come before their sigmoids; `decay` is -8 softplus(a_param).

@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))));
}

/** 1 - a², for log a <= 0. */
@inline
export function radicandOf(logA: v128): v128 {
  const z = f32x4.add(logA, logA);
  return nearOrFar(z, f32x4.sub(f32x4.splat(1), exp(z)));
}

/** 1 - exp(z), for z <= 0: what it is but for rounding, or near 0, where that would lose its digits, by the first powers. */
@inline
export function nearOrFar(z: v128, far: v128): v128 {
  let p = madd(z, f32x4.splat(1.0 / 40320.0), f32x4.splat(1.0 / 5040.0));
  p = madd(p, z, f32x4.splat(1.0 / 720.0));
  p = madd(p, z, f32x4.splat(1.0 / 120.0));
  p = madd(p, z, f32x4.splat(1.0 / 24.0));
  p = madd(p, z, f32x4.splat(1.0 / 6.0));
  p = madd(p, z, f32x4.splat(0.5));
  p = madd(p, z, f32x4.splat(1));
  const near = f32x4.mul(p, f32x4.neg(z));
  return v128.bitselect(near, far, f32x4.gt(z, f32x4.splat(-0.5)));
}

/** The root of 1 - a² where a sequence goes on, and 1 where one begins. */
@inline
export function gammaOf(radicand: v128, going: v128): v128 {
  const root = f32x4.sqrt(f32x4.pmax(radicand, f32x4.splat(0)));
  return madd(root, going, f32x4.sub(f32x4.splat(1), going));
}

/** a and gamma sigmoid(inputGate) x, for the rows `from` to `to`. */
export function rgLruGates(
  a: usize,
  gated: usize,
  x: usize,
  inputGate: usize,
  recurrenceGate: usize,
  decay: usize,
  reset: usize,
  tokens: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  for (let row = from; row < to; row++) {
    const going = f32x4.splat(1 - load<f32>(reset + ((row / tokens) << 2)));
    for (let column: usize = 0; column < width; column += 4) {
      const lanes = min(4, width - column);
      const at = (row * width + column) << 2;
      const gateR = sigmoid(loadLanes(recurrenceGate + at, lanes));
      const logA = f32x4.mul(gateR, loadLanes(decay + (column << 2), lanes));
      const gamma = gammaOf(radicandOf(logA), going);
      const gateI = sigmoid(loadLanes(inputGate + at, lanes));
      const scaled = f32x4.mul(f32x4.mul(gamma, gateI), loadLanes(x + at, lanes));
      // Not a product, which would keep what is not finite.
      storeLanes(a + at, v128.and(exp(logA), f32x4.ne(going, f32x4.splat(0))), lanes);
      storeLanes(gated + at, scaled, lanes);
    }
  }
}

/**
 * The gradients by x, inputGate and recurrenceGate in the blocks `from` to `to` of `height` rows; sums[block] becomes the sum
 * over its rows of the gradient by log a, times sigmoid(recurrenceGate).
 */
export function rgLruGatesGrad(
  dx: usize,
  dInputGate: usize,
  dRecurrenceGate: usize,
  sums: usize,
  x: usize,
  inputGate: usize,
  recurrenceGate: usize,
  decay: usize,
  reset: usize,
  da: usize,
  dGated: usize,
  tokens: usize,
  width: usize,
  rows: usize,
  height: usize,
  from: usize,
  to: usize,
): void {
  const one = f32x4.splat(1);
  for (let block = from; block < to; block++) {
    const total = sums + ((block * width) << 2);
    memory.fill(total, 0, width << 2);
    const stop = min((block + 1) * height, rows);
    for (let row = block * height; row < stop; row++) {
      const going = f32x4.splat(1 - load<f32>(reset + ((row / tokens) << 2)));
      for (let column: usize = 0; column < width; column += 4) {
        const lanes = min(4, width - column);
        const at = (row * width + column) << 2;
        const decayHere = loadLanes(decay + (column << 2), lanes);
        const gateR = sigmoid(loadLanes(recurrenceGate + at, lanes));
        const logA = f32x4.mul(gateR, decayHere);
        const radicand = radicandOf(logA);
        const a = exp(logA);
        const gateI = sigmoid(loadLanes(inputGate + at, lanes));
        const back = f32x4.mul(loadLanes(dGated + at, lanes), gateI);
        const here = f32x4.mul(back, gammaOf(radicand, going));
        const number = loadLanes(x + at, lanes);
        storeLanes(dx + at, here, lanes);
        const dGateI = f32x4.mul(here, number);
        storeLanes(dInputGate + at, f32x4.mul(dGateI, f32x4.sub(one, gateI)), lanes);
        // The slope of the root is at most 1000.
        const root = f32x4.sqrt(f32x4.pmax(radicand, f32x4.splat(2.5e-7)));
        const slope = f32x4.div(f32x4.mul(f32x4.mul(back, number), a), root);
        const dLogA = f32x4.mul(f32x4.mul(a, going), f32x4.sub(loadLanes(da + at, lanes), slope));
        const dDecay = f32x4.mul(dLogA, gateR);
        const dGateR = f32x4.mul(dDecay, f32x4.sub(one, gateR));
        storeLanes(dRecurrenceGate + at, f32x4.mul(dGateR, decayHere), lanes);
        const sum = total + (column << 2);
        storeLanes(sum, f32x4.add(loadLanes(sum, lanes), dDecay), lanes);
      }
    }
  }
}
