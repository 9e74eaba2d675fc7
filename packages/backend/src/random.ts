import { checkedSize } from './check-numbers.ts';
import { described } from './described.ts';

/**
 * Counter-based random numbers: every number is a function of a key and an index, so there is no state to
 * store, and the same numbers come in any order and on any backend. Philox4x32-10 (Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 */
export interface RandomKey {
  readonly low: number;
  readonly high: number;
}

/**
 * A key from what the numbers are for, for example `randomKey(seed, 'order', epoch)`. Other parts, or the
 * same ones cut otherwise, give another key: two keys of a billion in one run agree with a chance below 3%.
 *
 * @throws TypeError for a part that is neither a number nor a string, and for NaN.
 */
export function randomKey(...parts: readonly (number | string)[]): RandomKey {
  for (const part of parts) {
    if (typeof part === 'string' || (typeof part === 'number' && !Number.isNaN(part))) continue;
    throw new TypeError(
      `a part of the key was ${described(part)}; it must be a number or a string`,
    );
  }
  // Each part is told apart by its type and its length.
  const text = parts.map((part) => `${typeof part}:${String(part).length}:${part};`).join('');
  // Philox itself is the compression function: 16 bytes of text a time under the key so far, both halves
  // of the block folded into the next key.
  let key: RandomKey = { low: text.length, high: 0 };
  for (let start = 0; start < text.length; start += 8) {
    const word = (index: number): number =>
      (codeUnit(text, start + 2 * index) | (codeUnit(text, start + 2 * index + 1) << 16)) >>> 0;
    const [a, b, c, d] = philox4x32([word(0), word(1), word(2), word(3)], [key.low, key.high]);
    key = { low: (a ^ c) >>> 0, high: (b ^ d) >>> 0 };
  }
  return key;
}

/** A key for a part of what `key` is for. @throws TypeError unless `key` is one. */
export function subkey(key: RandomKey, ...parts: readonly (number | string)[]): RandomKey {
  checkKey('key', key);
  return randomKey(key.low, key.high, ...parts);
}

/** @throws TypeError naming what is no key: without this check it would count as one and the same. */
export function checkKey(name: string, key: RandomKey): void {
  if (isWord(key?.low) && isWord(key.high)) return;
  throw new TypeError(`${name} was ${described(key)}; it must be a key, such as randomKey(seed)`);
}

const isWord = (part: unknown): boolean => typeof part === 'number' && part >>> 0 === part;

function codeUnit(text: string, index: number): number {
  return index < text.length ? text.charCodeAt(index) : 0;
}

const m0 = 0xd2511f53;
const m1 = 0xcd9e8d57;
const w0 = 0x9e3779b9;
const w1 = 0xbb67ae85;

/** Upper 32 bits of the product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const middle = Math.imul(ah, bl) >>> 0;
  const other = Math.imul(al, bh) >>> 0;
  const cross = (Math.imul(al, bl) >>> 16) + (middle & 0xffff) + (other & 0xffff);
  return (Math.imul(ah, bh) + (middle >>> 16) + (other >>> 16) + (cross >>> 16)) >>> 0;
}

/**
 * Ten rounds of Philox4x32.
 *
 * @param counter four unsigned 32-bit words. @param key two. @returns four.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const words = new Uint32Array(4);
  philoxInto(words, 0, ...counter, ...key);
  return [...words] as [number, number, number, number];
}

/** Ten rounds of Philox4x32 on a counter of four words and a key of two, written from `at` on, as far as there is room. No arrays: it makes gigabytes. */
function philoxInto(
  words: Uint32Array,
  at: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(m0, c0);
    const low0 = Math.imul(m0, c0);
    const high1 = mulHigh(m1, c2);
    const low1 = Math.imul(m1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + w0) >>> 0;
    k1 = (k1 + w1) >>> 0;
  }
  words[at] = c0;
  words[at + 1] = c1;
  words[at + 2] = c2;
  words[at + 3] = c3;
}

/**
 * `n` words of 32 random bits.
 *
 * @throws TypeError unless `key` is a key, as every function here. @throws ShapeError unless `n` is an integer >= 0.
 */
export function randomBits(key: RandomKey, n: number): Uint32Array {
  checkKey('key', key);
  checkedSize('n', n, 0);
  const bits = new Uint32Array(n);
  for (let index = 0; index < n; index += 4) {
    const block = index / 4;
    const high = Math.floor(block / 2 ** 32);
    philoxInto(bits, index, block >>> 0, high, 0, 0, key.low, key.high);
  }
  return bits;
}

/** `n` numbers uniform in [0, 1): multiples of 2^-24, so that each is exact in float32. */
export function randomUniform(key: RandomKey, n: number): Float32Array {
  return Float32Array.from(randomBits(key, n), (bits) => (bits >>> 8) * 2 ** -24);
}

/** `n` numbers of the standard normal distribution (Box-Muller). */
export function randomNormal(key: RandomKey, n: number): Float32Array {
  checkedSize('n', n, 0);
  const bits = randomBits(key, 2 * Math.ceil(n / 2));
  const normal = new Float32Array(n);
  for (let index = 0; index < n; index += 2) {
    // The open end at 0 keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(((bits[index] ?? 0) + 0.5) * 2 ** -32));
    const angle = 2 * Math.PI * ((bits[index + 1] ?? 0) * 2 ** -32);
    normal[index] = radius * Math.cos(angle);
    if (index + 1 < n) normal[index + 1] = radius * Math.sin(angle);
  }
  return normal;
}

/**
 * `n` integers uniform in [0, bound), each with a relative bias below bound / 2^32.
 *
 * @throws RangeError when bound is no integer from 1 to 2^32.
 */
export function randomInt(key: RandomKey, n: number, bound: number): Uint32Array {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`bound was ${described(bound)}; it must be an integer from 1 to 2^32`);
  }
  return Uint32Array.from(randomBits(key, n), (bits) => Math.floor((bits / 2 ** 32) * bound));
}

/** The numbers 0 to n - 1 in random order (Fisher-Yates), for n far below 2^32. */
export function randomPermutation(key: RandomKey, n: number): Uint32Array {
  const bits = randomBits(key, n);
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const other = Math.floor(((bits[last] ?? 0) / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
