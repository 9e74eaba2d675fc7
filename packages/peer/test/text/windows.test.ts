import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfTokens, tokenStream } from '../../src/text/token-stream.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { testWindows, trainingWindows } from '../../src/text/windows.ts';

const tokenizer = new Tokenizer();
const streamOf = (...texts: string[]) =>
  tokenStream(
    texts.map((text) => ({ name: 'a text', bytes: new TextEncoder().encode(text) })),
    tokenizer,
  );

it('tokenStream puts a boundary before each document', () => {
  const stream = streamOf('ab', 'c');
  expect([[...stream.tokens], stream.boundary]).toEqual([[256, 97, 98, 256, 99], 256]);
  expect(bytesOfTokens(stream.tokens, stream)).toBe(3);
  expect([stream.byteLengths.length, stream.byteLengths[256]]).toEqual([257, 0]);
});

describe('trainingWindows', () => {
  const stream = streamOf('abcdefghijklmnopqrstuvwxyz');

  it('are stretches of the stream and what comes after each token', () => {
    const { inputs, targets } = trainingWindows(stream, { rows: 9, length: 5, seed: 1, step: 2 });
    for (let row = 0; row < 9; row++) {
      const at = stream.tokens.indexOf(inputs[5 * row] as number);
      expect([...inputs.subarray(5 * row, 5 * row + 5)]).toEqual([
        ...stream.tokens.subarray(at, at + 5),
      ]);
      expect([...targets.subarray(5 * row, 5 * row + 5)]).toEqual([
        ...stream.tokens.subarray(at + 1, at + 6),
      ]);
    }
  });

  it('are a function of seed and step, and come to every place', () => {
    const at = (seed: number, step: number, rows = 4) => [
      ...trainingWindows(stream, { rows, length: 3, seed, step }).inputs,
    ];
    expect(at(1, 1)).toEqual(at(1, 1));
    expect(at(1, 1)).not.toEqual(at(1, 2));
    expect(at(1, 1)).not.toEqual(at(2, 1));
    const firsts = at(1, 1, 1000).filter((_, index) => index % 3 === 0);
    expect(new Set(firsts).size).toBe(stream.tokens.length - 3);
  });

  it('refuse a stream that is too short', () => {
    expect(() => trainingWindows(stream, { rows: 1, length: 27, seed: 1, step: 1 })).toThrow(
      'the text to learn from had 27 tokens (26 bytes); a window of 27 needs 28',
    );
  });
});

describe('testWindows', () => {
  it('count each token of the documents once, with the context that was asked for, and no boundary', () => {
    const sizes = fc.record({
      texts: fc.array(fc.string({ unit: fc.constantFrom(...'xyz'), maxLength: 12 }), {
        minLength: 1,
        maxLength: 5,
      }),
      rows: fc.integer({ min: 1, max: 4 }),
      length: fc.integer({ min: 1, max: 9 }),
      overlap: fc.nat(8),
    });
    fc.assert(
      fc.property(sizes, ({ texts, rows, length, overlap }) => {
        fc.pre(overlap < length);
        const stream = streamOf(...texts);
        // Each token is told from the others by its place.
        const tokens = stream.tokens.map((token, at) => (token === 256 ? 60_000 : at));
        const placed = { ...stream, tokens, boundary: 60_000 };
        const counts = new Map<number, number>();
        let windows = 0;
        for (const one of testWindows(placed, { rows, length, overlap })) {
          expect(one.rows).toBeLessThanOrEqual(rows);
          for (const [index, target] of one.targets.entries()) {
            if (one.counted[index] === 0) continue;
            counts.set(target, (counts.get(target) ?? 0) + 1);
            const isFirst = windows === 0 && index < one.length;
            if (!isFirst)
              expect(index % one.length).toBeGreaterThanOrEqual(Math.min(overlap, one.length - 1));
          }
          windows += one.rows;
        }
        const expected = [...tokens].filter((token) => token !== 60_000);
        expect([...counts.keys()].sort((a, b) => a - b)).toEqual(expected);
        expect([...counts.values()].every((count) => count === 1)).toBe(true);
      }),
    );
  });

  it('are so many as were asked for, spread over the stream', () => {
    const stream = streamOf('abcdefghijklmnopqrstuvwxyz');
    const starts = testWindows(stream, { rows: 2, length: 2, overlap: 0, windows: 3 }).flatMap(
      ({ inputs, rows }) => Array.from({ length: rows }, (_, row) => inputs[2 * row]),
    );
    expect(starts.map((token) => stream.tokens.indexOf(token as number))).toEqual([0, 8, 16]);
  });

  it('refuse an overlap that leaves nothing', () => {
    const windows = () => testWindows(streamOf('abc'), { rows: 1, length: 4, overlap: 4 });
    expect(windows).toThrow('overlap was 4');
  });
});
