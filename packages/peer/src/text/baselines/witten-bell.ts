import { checkedSize } from '@neverend/backend';

/** What followed one context. */
interface Followers {
  total: number;
  /** How often each byte came. */
  readonly counts: Map<number, number>;
}

/**
 * A model of bytes that looks at the few bytes before: counts of what followed them, each mixed with those of a context that is a byte shorter, down to all
 * 256 bytes alike (interpolated Witten-Bell smoothing; Chen and Goodman, TR-10-98, equation 16):
 * `P(b | c) = (count(c b) + kinds(c) P(b | c without its first byte)) / (count(c) + kinds(c))`, with `kinds(c)` the number of different bytes that followed c.
 * Before the first bytes of a document there is nothing: their contexts are shorter.
 */
export class WittenBell {
  readonly #order: number;
  /** By the lengths of their contexts. */
  readonly #followers: readonly Map<number, Followers>[];

  /** @param order how many bytes it looks back, up to 6. */
  constructor(order: number) {
    checkedSize('order', order, 0);
    if (order > 6) throw new RangeError(`order was ${order}; it must be at most 6`);
    this.#order = order;
    this.#followers = Array.from({ length: order + 1 }, () => new Map());
  }

  /** Counts a document. */
  learn(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      for (const [length, context] of this.#contexts(bytes, at).entries()) {
        const followers = this.#followers[length] as Map<number, Followers>;
        const found = followers.get(context);
        const of = found ?? { total: 0, counts: new Map() };
        if (found === undefined) followers.set(context, of);
        of.total++;
        of.counts.set(byte, (of.counts.get(byte) ?? 0) + 1);
      }
    }
  }

  /** How many bits a document takes: the sum of -log2 of its bytes' probabilities. */
  bitsOf(bytes: Uint8Array): number {
    let bits = 0;
    for (let at = 0; at < bytes.length; at++) bits -= Math.log2(this.probability(bytes, at));
    return bits;
  }

  /** The probability of the byte at a place, by those before it. */
  probability(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    let p = 1 / 256;
    for (const [length, context] of this.#contexts(bytes, at).entries()) {
      const of = this.#followers[length]?.get(context);
      if (of === undefined) break;
      const { total, counts } = of;
      p = ((counts.get(byte) ?? 0) + counts.size * p) / (total + counts.size);
    }
    return p;
  }

  /** The contexts of a place as numbers, the shortest first. */
  #contexts(bytes: Uint8Array, at: number): number[] {
    const contexts = [0];
    let context = 0;
    for (let back = 1; back <= this.#order && back <= at; back++) {
      context += (bytes[at - back] as number) * 256 ** (back - 1);
      contexts.push(context);
    }
    return contexts;
  }
}
