const n = 624;
const m = 397;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded by `init_genrand`: the numbers of
 * numpy's legacy `RandomState(seed)`, which decide the members of NEVIS'22's splits.
 */
export class Mt19937 {
  readonly #state = new Uint32Array(n);
  #next: number = n;

  constructor(seed: number) {
    let word = seed >>> 0;
    this.#state[0] = word;
    for (let index = 1; index < n; index++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + index) >>> 0;
      this.#state[index] = word;
    }
  }

  /** 32 random bits. */
  uint32(): number {
    if (this.#next === n) this.#twist();
    let word = this.#state[this.#next++] ?? 0;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  double(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  #twist(): void {
    const state = this.#state;
    for (let index = 0; index < n; index++) {
      const upper = (state[index] ?? 0) & 0x80000000;
      const word = upper | ((state[(index + 1) % n] ?? 0) & 0x7fffffff);
      state[index] = (state[(index + m) % n] ?? 0) ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
