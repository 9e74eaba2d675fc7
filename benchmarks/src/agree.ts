import { readFileSync } from 'node:fs';
import type { Output } from './types.ts';

/**
 * Why a runner's results are not those of the reference; undefined where they agree: the same shapes, and each
 * number within `tolerance` times the largest magnitude of its array, or times one where that is less, but for a share `apart` of them.
 */
export function disagreement(
  reference: readonly Output[],
  outputs: readonly Output[],
  tolerance: number,
  apart = 0,
): string | undefined {
  if (outputs.length !== reference.length) {
    return `it gave ${outputs.length} arrays; the reference gave ${reference.length}`;
  }
  for (const [index, expected] of reference.entries()) {
    const actual = outputs[index] as Output;
    if (actual.shape.join() !== expected.shape.join()) {
      return `array ${index} has shape [${actual.shape}]; the reference has [${expected.shape}]`;
    }
    const reason = farthest(read(expected.file), read(actual.file), tolerance, apart);
    if (reason !== undefined) return `array ${index} ${reason}`;
  }
  return undefined;
}

/** Which results the others are held against, and why each does not agree with them; undefined where it does. */
export interface Comparison {
  readonly reference: string | undefined;
  readonly reasons: ReadonlyMap<string, string | undefined>;
}

/**
 * Holds the results of all runners against those that most of them agree with, the first of these where there are
 * several. Of two runners or more of which no two agree, none is right.
 */
export function compare(
  results: ReadonlyMap<string, readonly Output[]>,
  tolerance: number,
  apart = 0,
): Comparison {
  let best: Comparison = { reference: undefined, reasons: new Map() };
  let most = 0;
  for (const [id, reference] of results) {
    const reasons = new Map(
      [...results].map(([other, outputs]) => [
        other,
        disagreement(reference, outputs, tolerance, apart),
      ]),
    );
    const agree = [...reasons.values()].filter((reason) => reason === undefined).length;
    if (agree > most) {
      best = { reference: id, reasons };
      most = agree;
    }
    if (2 * most > results.size) break;
  }
  if (results.size > 1 && most < 2) {
    const reasons = new Map([...results.keys()].map((id) => [id, 'no two runners agree']));
    return { reference: undefined, reasons };
  }
  return best;
}

function farthest(
  expected: Float32Array,
  actual: Float32Array,
  tolerance: number,
  apart: number,
): string | undefined {
  if (actual.length !== expected.length)
    return `has ${actual.length} numbers of ${expected.length}`;
  let largest = 1;
  let distance = 0;
  for (let at = 0; at < expected.length; at++) {
    const value = expected[at] ?? 0;
    const apart = Math.abs((actual[at] ?? 0) - value);
    // Written so that NaN on either side is caught.
    if (!(apart <= distance)) {
      distance = apart;
      if (Number.isNaN(apart)) return `has NaN at ${at}`;
    }
    largest = Math.max(largest, Math.abs(value));
  }
  const share = distance / largest;
  if (share <= tolerance) return undefined;
  const beyond = expected.filter(
    (value, at) => Math.abs((actual[at] ?? 0) - value) > tolerance * largest,
  ).length;
  return beyond <= apart * expected.length
    ? undefined
    : `differs by ${share.toExponential(1)} of its largest magnitude; the tolerance is ${tolerance}`;
}

function read(file: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
