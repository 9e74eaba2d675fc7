import { exp } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';
import { packColumns } from '@neverend/backend/assembly/pack.as';
import { packLeft, PANEL, TILE_BYTES, TILE_ROWS, timesPanel } from '@neverend/backend/assembly/packed-product.as';
import { loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';
import { gammaOf, nearOrFar, sigmoid } from '../../rg-lru-gates/kernels/gates.as';

// What is between the linear layers of a recurrent block, over x [outer, T, N, E] where it lies. What a thread has of some rows stays in
// the second-level cache from one step to the next.

/** Rows whose steps a thread goes through together. */
const BLOCK_ROWS: usize = 12 * TILE_ROWS;

// The call at hand; each thread has an instance of its own.
let x: usize = 0;
let conv: usize = 0;
let reset: usize = 0;
let hasState: bool = false;
let steps: usize = 0;
let tokens: usize = 0;
let width: usize = 0;
let taps: usize = 0;

/** Numbers of a gate in memory, whole panels. */
function gateNumbers(size: usize): usize {
  return (size + PANEL - 1) / PANEL * PANEL;
}

/** Bytes of the packed weights of both gates of a head. */
function headBytes(size: usize): usize {
  return (2 * gateNumbers(size) * size) << 2;
}

/** Numbers of the packed weights of `heads` heads. */
export function packedGates(size: usize, heads: usize): usize {
  return heads * headBytes(size) >> 2;
}

/** Bytes of memory that one thread needs beside the operands. */
export function recurrenceScratchBytes(size: usize): usize {
  return TILE_BYTES + ((BLOCK_ROWS * (2 * size + 2 * gateNumbers(size))) << 2);
}

/** The weights of the heads `from` up to `to`, those of the input gate before those of the recurrence gate. */
export function packGates(
  packed: usize,
  inputW: usize,
  recurrenceW: usize,
  size: usize,
  from: usize,
  to: usize,
): void {
  const bytes = (size * size) << 2;
  for (let head = from; head < to; head++) {
    const at = packed + head * headBytes(size);
    packColumns(at, inputW + head * bytes, size << 2, size, size, PANEL);
    packColumns(at + (headBytes(size) >> 1), recurrenceW + head * bytes, size << 2, size, size, PANEL);
  }
}

/** Where a row's numbers are at a step of a sequence of `length` steps. */
function place(row: usize, step: usize, length: usize): usize {
  return (((row / tokens * length + step) * tokens + row % tokens) * width) << 2;
}

/** A row's numbers at a step, which may be one before this call; 0 where there was none. */
function stepAt(row: usize, step: isize): usize {
  if (step >= 0) return x + place(row, <usize>step, steps);
  return hasState ? conv + place(row, <usize>(<isize>taps - 1 + step), taps - 1) : 0;
}

function begins(row: usize, step: isize): bool {
  if (step < 0) return false;
  if (reset == 0) return step == 0 && !hasState;
  return load<f32>(reset + ((row / tokens * steps + <usize>step) << 2)) != 0;
}

/** y = b + w x over the taps that meet a step, in the `size` channels from the byte `channel` on. */
function convolve(y: usize, w: usize, b: usize, row: usize, step: isize, channel: usize, size: usize): void {
  memory.copy(y, b + channel, size << 2);
  for (let back: isize = 0; back < <isize>taps; back++) {
    let from = stepAt(row, step - back);
    if (from == 0) return;
    from += channel;
    const weights = w + (((taps - 1 - <usize>back) * width) << 2) + channel;
    let j: usize = 0;
    for (; j + 16 <= size << 2; j += 16) {
      v128.store(y + j, madd(v128.load(weights + j), v128.load(from + j), v128.load(y + j)));
    }
    for (; j < size << 2; j += 4) {
      store<f32>(y + j, load<f32>(weights + j) * load<f32>(from + j) + load<f32>(y + j));
    }
    if (begins(row, step - back)) return;
  }
}

/** h = a h + gamma sigmoid(inputGate) x, y = h gate, for the `lanes` numbers from the byte `at` on. */
@inline
export function advanceLanes(
  y: usize,
  h: usize,
  mixed: usize,
  inputGate: usize,
  recurrenceGate: usize,
  inputB: usize,
  recurrenceB: usize,
  decay: usize,
  gate: usize,
  going: v128,
  at: usize,
  lanes: usize,
): void {
  const gateR = sigmoid(f32x4.add(loadLanes(recurrenceGate + at, lanes), loadLanes(recurrenceB + at, lanes)));
  const logA = f32x4.mul(gateR, loadLanes(decay + at, lanes));
  const a = exp(logA);
  const radicand = nearOrFar(f32x4.add(logA, logA), f32x4.sub(f32x4.splat(1), f32x4.mul(a, a)));
  const gateI = sigmoid(f32x4.add(loadLanes(inputGate + at, lanes), loadLanes(inputB + at, lanes)));
  const gated = f32x4.mul(f32x4.mul(gammaOf(radicand, going), gateI), loadLanes(mixed + at, lanes));
  const state = madd(f32x4.mul(a, going), loadLanes(h + at, lanes), gated);
  storeLanes(h + at, state, lanes);
  storeLanes(y + at, f32x4.mul(state, loadLanes(gate + at, lanes)), lanes);
}

function advance(
  y: usize,
  h: usize,
  mixed: usize,
  inputGate: usize,
  recurrenceGate: usize,
  inputB: usize,
  recurrenceB: usize,
  decay: usize,
  gate: usize,
  going: v128,
  size: usize,
): void {
  const whole = size & ~3;
  let at: usize = 0;
  for (; at < whole << 2; at += 16) {
    advanceLanes(y, h, mixed, inputGate, recurrenceGate, inputB, recurrenceB, decay, gate, going, at, 4);
  }
  if (whole == size) return;
  const lanes = size - whole;
  advanceLanes(y, h, mixed, inputGate, recurrenceGate, inputB, recurrenceB, decay, gate, going, at, lanes);
}

/** The last steps as the next call needs them: zeros before a sequence began. */
function keepSteps(convAfter: usize, row: usize, channel: usize, size: usize): void {
  let begun = false;
  for (let back: usize = 0; back + 1 < taps; back++) {
    const step = <isize>steps - 1 - <isize>back;
    const from = begun ? 0 : stepAt(row, step);
    const to = convAfter + place(row, taps - 2 - back, taps - 1) + channel;
    if (from == 0) memory.fill(to, 0, size << 2);
    else memory.copy(to, from + channel, size << 2);
    begun = begun || begins(row, step);
  }
}

/**
 * The tiles of rows `from` up to `to`, counted through all heads of `size` channels. Without a state, conv and h0 are not looked at; a reset at 0 is
 * none.
 */
export function gatedRecurrence(
  y: usize,
  hAfter: usize,
  convAfter: usize,
  xAt: usize,
  gate: usize,
  w: usize,
  b: usize,
  packed: usize,
  decay: usize,
  inputB: usize,
  recurrenceB: usize,
  convAt: usize,
  h0: usize,
  resetAt: usize,
  stateGiven: bool,
  rows: usize,
  stepCount: usize,
  tokenCount: usize,
  channels: usize,
  tapCount: usize,
  size: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  x = xAt;
  conv = convAt;
  reset = resetAt;
  hasState = stateGiven;
  steps = stepCount;
  tokens = tokenCount;
  width = channels;
  taps = tapCount;
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const gateBytes = gateNumbers(size) << 2;
  const mixed = scratch + TILE_BYTES;
  const left = mixed + ((BLOCK_ROWS * size) << 2);
  const gates = left + ((BLOCK_ROWS * size) << 2);
  while (from < to) {
    const head = from / tiles;
    const tile = from % tiles;
    const count = min(min(to - from, tiles - tile), BLOCK_ROWS / TILE_ROWS);
    from += count;
    const first = tile * TILE_ROWS;
    const last = min(rows, (tile + count) * TILE_ROWS);
    const channel = (head * size) << 2;
    const weights = packed + head * headBytes(size);
    for (let row = first; row < last; row++) {
      const at = ((row * width) << 2) + channel;
      if (hasState) memory.copy(hAfter + at, h0 + at, size << 2);
      else memory.fill(hAfter + at, 0, size << 2);
    }
    for (let step: usize = 0; step < steps; step++) {
      for (let row = first; row < last; row++) {
        convolve(mixed + (((row - first) * size) << 2), w, b, row, step, channel, size);
      }
      packLeft(left, mixed, size << 2, last - first, size);
      for (let at: usize = 0; at < 2 * gateBytes; at += PANEL << 2) {
        // Columns that are not there are zeros, and written all the same.
        timesPanel(
          left, last - first, weights + at * size, size, PANEL, gates + at, 2 * gateBytes, false, scratch,
        );
      }
      for (let row = first; row < last; row++) {
        const h = hAfter + ((row * width) << 2) + channel;
        const starts = begins(row, step);
        // 0 times what is not finite would be NaN.
        if (starts) memory.fill(h, 0, size << 2);
        const gatesHere = gates + (row - first) * 2 * gateBytes;
        const at = place(row, step, steps) + channel;
        advance(
          y + at, h, mixed + (((row - first) * size) << 2), gatesHere, gatesHere + gateBytes, inputB + channel,
          recurrenceB + channel, decay + channel, gate + at, f32x4.splat(starts ? 0 : 1), size,
        );
      }
    }
    for (let row = first; row < last; row++) keepSteps(convAfter, row, channel, size);
  }
}
