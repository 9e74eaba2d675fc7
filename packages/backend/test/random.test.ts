import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type RandomKey,
  randomBits,
  randomInt,
  randomKey,
  randomNormal,
  randomPermutation,
  randomUniform,
  subkey,
} from '../src/index.ts';
import { philox4x32 } from '../src/random.ts';

/** The sum over bins of (observed - expected)^2 / expected. */
function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function bitCount(word: number): number {
  return word.toString(2).replaceAll('0', '').length;
}

describe('philox4x32', () => {
  // kat_vectors of Random123 1.14: philox4x32 10.
  it.each([
    {
      counter: [0, 0, 0, 0],
      key: [0, 0],
      output: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      output: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      output: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const)('gives the known answer for counter $counter', ({ counter, key, output }) => {
    expect(philox4x32(counter, key)).toEqual(output);
  });
});

describe('randomKey', () => {
  // Computed by an implementation in Python over arbitrary-precision integers.
  it.each([
    { parts: [0], low: 2648041092, high: 3491984531 },
    { parts: [1, 'order', 2], low: 2575717003, high: 3218307686 },
    { parts: ['naïve', -3.5], low: 1718031903, high: 2412861525 },
  ])('of $parts never changes', ({ parts, low, high }) => {
    expect(randomKey(...parts)).toEqual({ low, high });
  });

  it('tells apart parts that read the same when joined', () => {
    const keys = [
      randomKey(),
      randomKey(''),
      randomKey('ab', 'c'),
      randomKey('a', 'bc'),
      randomKey('abc'),
      randomKey(1),
      randomKey('1'),
      randomKey(1, ''),
      randomKey('1:1;'),
    ];
    expect(new Set(keys.map(({ low, high }) => `${low},${high}`)).size).toBe(keys.length);
  });

  it('collides in each half no more often than 32 random bits do', () => {
    const count = 200_000;
    const keys = Array.from({ length: count }, (_, index) => randomKey(3, 'step', index));
    for (const half of ['low', 'high'] as const) {
      const collisions = count - new Set(keys.map((key) => key[half])).size;
      // Poisson with mean count^2 / 2^33 = 4.7; 20 or more has a probability of 1e-7.
      expect(collisions).toBeLessThan(20);
    }
  });

  it('changes half of its bits with one character', () => {
    const flips = Array.from({ length: 2000 }, (_, index) => {
      const [a, b] = [randomKey('run', index), randomKey('rup', index)];
      return bitCount((a.low ^ b.low) >>> 0) + bitCount((a.high ^ b.high) >>> 0);
    });
    // 64 bits at 1/2 have a standard deviation of 4; the mean of 2000 one of 0.09.
    expect(Math.abs(mean(flips) - 32)).toBeLessThan(0.5);
    expect(Math.min(...flips)).toBeGreaterThan(8);
  });
});

describe('randomBits', () => {
  it('numbers the blocks of a key from 0', () => {
    const key: RandomKey = { low: 0, high: 0 };
    const expected = [...philox4x32([0, 0, 0, 0], [0, 0]), ...philox4x32([1, 0, 0, 0], [0, 0])];
    expect([...randomBits(key, 7)]).toEqual(expected.slice(0, 7));
  });

  it('gives the same first numbers however many are asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), fc.nat(50), (seed, n, more) => {
        const key = randomKey(seed);
        expect(randomBits(key, n)).toEqual(randomBits(key, n + more).slice(0, n));
      }),
    );
  });
});

describe('randomUniform', () => {
  it('gives multiples of 2^-24 in [0, 1), known for one key', () => {
    // Computed in Python.
    expect([...randomUniform(randomKey(7, 'normal'), 3)]).toEqual([
      0.9718553423881531, 0.7757616639137268, 0.8195385932922363,
    ]);
    for (const value of randomUniform(randomKey(8), 10_000)) {
      expect(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24)).toBe(true);
    }
  });

  it('fills 256 bins evenly', () => {
    const n = 256 * 1000;
    const counts = new Array<number>(256).fill(0);
    for (const value of randomUniform(randomKey(9), n)) {
      const bin = Math.floor(value * 256);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    // 255 degrees of freedom: mean 255, standard deviation 22.6; five of them either way.
    expect(Math.abs(chiSquare(counts, 1000) - 255)).toBeLessThan(113);
  });

  it('has no correlation between neighbours, nor between the streams of neighbouring keys', () => {
    const n = 100_000;
    const x = randomUniform(randomKey(1, 'stream', 0), n);
    const y = randomUniform(randomKey(1, 'stream', 1), n);
    const correlation = (a: Float32Array, b: Float32Array): number =>
      12 * mean(a.map((value, index) => (value - 0.5) * ((b[index] ?? 0) - 0.5)));
    // Standard deviation 1 / sqrt(n) = 0.003; five of them.
    for (const lag of [1, 2, 3, 4]) {
      expect(Math.abs(correlation(x.slice(0, n - lag), x.slice(lag)))).toBeLessThan(0.016);
    }
    expect(Math.abs(correlation(x, y))).toBeLessThan(0.016);
  });
});

describe('randomNormal', () => {
  it('gives the known numbers of one key', () => {
    // Computed in Python in float64; one rounding to float32 is 6e-8 relative.
    const expected = [
      0.038508952482683545, -0.23582544741940384, 0.355509616903819, -0.5211913601159406,
      0.03353082914025869,
    ];
    randomNormal(randomKey(7, 'normal'), 5).forEach((value, index) => {
      expect(Math.abs(value / (expected[index] ?? 0) - 1)).toBeLessThan(1e-7);
    });
  });

  it('has the moments and the tails of the standard normal distribution', () => {
    const n = 400_000;
    const x = randomNormal(randomKey(10), n);
    const within = (sigmas: number): number => mean(x.map((value) => +(Math.abs(value) < sigmas)));
    // Five standard deviations each: of x^k they are sqrt(E[x^2k] - E[x^k]^2) = 1, 1.41, 3.87, 9.8.
    const s = 5 / Math.sqrt(n);
    expect(Math.abs(mean(x))).toBeLessThan(s);
    expect(Math.abs(mean(x.map((value) => value ** 2)) - 1)).toBeLessThan(1.42 * s);
    expect(Math.abs(mean(x.map((value) => value ** 3)))).toBeLessThan(3.88 * s);
    expect(Math.abs(mean(x.map((value) => value ** 4)) - 3)).toBeLessThan(9.8 * s);
    expect(Math.abs(within(1) - 0.6826895)).toBeLessThan(0.47 * s);
    expect(Math.abs(within(2) - 0.9544997)).toBeLessThan(0.21 * s);
    expect(Math.abs(within(3) - 0.9973002)).toBeLessThan(0.052 * s);
    expect(x.every(Number.isFinite)).toBe(true);
  });
});

describe('randomInt', () => {
  it('gives integers in [0, bound), evenly', () => {
    const counts = new Array<number>(6).fill(0);
    for (const value of randomInt(randomKey(11), 60_000, 6))
      counts[value] = (counts[value] ?? 0) + 1;
    expect(counts).toHaveLength(6);
    // 5 degrees of freedom: above 35 with a probability of 2e-6.
    expect(chiSquare(counts, 10_000)).toBeLessThan(35);
  });

  it('stays below every bound up to 2^32', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        for (const value of randomInt(randomKey(seed), 16, bound))
          expect(value).toBeLessThan(bound);
      }),
    );
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('refuses the bound %d', (bound) => {
    expect(() => randomInt(randomKey(0), 1, bound)).toThrow(`bound was ${bound}`);
  });
});

/** A number where a key must be gave the same numbers whatever it was. */
describe('what is no key', () => {
  const none: readonly (readonly [key: unknown, was: string])[] = [
    [1, '1'],
    ['a', '"a"'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, 'an object'],
    [[1, 2], 'a list'],
    [{ low: 1 }, 'an object'],
    [{ low: 1, high: '2' }, 'an object'],
    [{ low: Number.NaN, high: 0 }, 'an object'],
    [{ low: 0.5, high: 0 }, 'an object'],
    [{ low: -1, high: 0 }, 'an object'],
  ];
  const users: readonly (readonly [name: string, use: (key: RandomKey) => unknown])[] = [
    ['randomBits', (key) => randomBits(key, 2)],
    ['randomUniform', (key) => randomUniform(key, 2)],
    ['randomNormal', (key) => randomNormal(key, 2)],
    ['randomInt', (key) => randomInt(key, 2, 2)],
    ['randomPermutation', (key) => randomPermutation(key, 2)],
    ['subkey', (key) => subkey(key, 'a')],
  ];
  it.each(users)('is refused by %s', (_, use) => {
    for (const [key, was] of none) {
      expect(() => use(key as RandomKey)).toThrow(
        new TypeError(`key was ${was}; it must be a key, such as randomKey(seed)`),
      );
    }
    expect(() => use(randomKey(1))).not.toThrow();
  });

  it('is not made of parts that say nothing', () => {
    for (const [part, was] of [
      [undefined, 'undefined'],
      [Number.NaN, 'NaN'],
      [{ seed: 1 }, 'an object'],
      [true, 'true'],
    ] as const) {
      expect(() => randomKey('order', part as number)).toThrow(
        new TypeError(`a part of the key was ${was}; it must be a number or a string`),
      );
    }
  });

  it.each([randomBits, randomUniform, randomNormal])('nor is a length that is none: %o', (draw) => {
    for (const n of [undefined, Number.NaN, 1.5, -1]) {
      expect(() => draw(randomKey(1), n as number)).toThrow(
        /^n was .*; it must be an integer >= 0$/,
      );
    }
    expect(draw(randomKey(1), 0)).toHaveLength(0);
  });
});

it('takes the key of a part from the key of the whole', () => {
  const { low, high } = randomKey(5);
  expect(subkey(randomKey(5), 'w', 2)).toEqual(randomKey(low, high, 'w', 2));
});

describe('randomPermutation', () => {
  it('holds each number once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(300), (seed, n) => {
        const sorted = randomPermutation(randomKey(seed), n).toSorted();
        expect([...sorted]).toEqual(Array.from({ length: n }, (_, index) => index));
      }),
    );
  });

  it('gives each of the 24 orders of four things equally often', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 24_000; index++) {
      const order = String(randomPermutation(randomKey(12, index), 4));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: mean 23, standard deviation 6.8; above 68 with a probability of 2e-6.
    expect(chiSquare([...counts.values()], 1000)).toBeLessThan(68);
  });
});
