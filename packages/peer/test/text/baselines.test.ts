import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gzippedBytes } from '../../src/text/baselines/gzip.ts';
import { WittenBell } from '../../src/text/baselines/witten-bell.ts';
import { readDataSet } from '../../src/text/node/data-sets.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('WittenBell', () => {
  it('has the probabilities that are counted by hand', () => {
    const model = new WittenBell(1);
    model.learn(bytes('abab'));
    // Order 0: a 2, b 2 of 4, 2 kinds: (2 + 2 / 256) / 6. After a: b 2, 1 kind; after b: a 1, 1 kind.
    const p0 = (2 + 2 / 256) / 6;
    expect(model.probability(bytes('a'), 0)).toBeCloseTo(p0, 12);
    expect(model.probability(bytes('ab'), 1)).toBeCloseTo((2 + p0) / 3, 12);
    expect(model.probability(bytes('ba'), 1)).toBeCloseTo((1 + p0) / 2, 12);
    // What never came: after a, and after what never came.
    expect(model.probability(bytes('az'), 1)).toBeCloseTo(2 / 256 / 6 / 3, 12);
    expect(model.probability(bytes('za'), 1)).toBeCloseTo(p0, 12);
    expect(model.bitsOf(bytes('ab'))).toBeCloseTo(-Math.log2(p0) - Math.log2((2 + p0) / 3), 12);
  });

  it('takes 8 bits for a byte before it has learned', () => {
    expect(new WittenBell(3).bitsOf(bytes('abc'))).toBe(24);
  });

  it('has probabilities that sum to 1 after any context', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (learned, context, order) => {
          const model = new WittenBell(order);
          model.learn(learned);
          const sum = Array.from({ length: 256 }, (_, byte) =>
            model.probability(Uint8Array.of(...context, byte), context.length),
          ).reduce((a, b) => a + b, 0);
          expect(sum).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  it('equals the recursion over substrings, with three bytes of context', () => {
    const learned = ['she sells sea shells', 'by the sea shore'];
    const model = new WittenBell(3);
    for (const text of learned) model.learn(bytes(text));
    const followers = (context: string) =>
      learned.flatMap((text) =>
        [...text].filter(
          (_, at) => at >= context.length && text.slice(at - context.length, at) === context,
        ),
      );
    const p = (next: string, context: string): number => {
      const shorter = context === '' ? 1 / 256 : p(next, context.slice(1));
      const found = followers(context);
      if (found.length === 0) return shorter;
      const kinds = new Set(found).size;
      return (
        (found.filter((one) => one === next).length + kinds * shorter) / (found.length + kinds)
      );
    };
    const text = 'she shall see shells';
    const bits = [...text].reduce(
      (sum, next, at) => sum - Math.log2(p(next, text.slice(Math.max(0, at - 3), at))),
      0,
    );
    expect(model.bitsOf(bytes(text))).toBeCloseTo(bits, 9);
  });
});

it('gzippedBytes is the size that gzip -9 gives, to a hundredth: zlib is not the same everywhere', async () => {
  const documents = (await readDataSet('moby-dick')).slice(5, 12);
  const file = Buffer.concat(documents.map(({ bytes }) => bytes));
  const gzip = execFileSync('gzip', ['-9', '-n'], { input: file });
  expect(Math.abs((await gzippedBytes(documents)) / gzip.length - 1)).toBeLessThan(0.01);
});
