import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/text/document.ts';
import { splitDocuments } from '../../src/text/split-documents.ts';

const text = (content: string, name = 'a text') => ({
  name,
  bytes: new TextEncoder().encode(content),
});
const contents = (documents: readonly { readonly bytes: Uint8Array }[]) =>
  documents.map(({ bytes }) => new TextDecoder().decode(bytes));

describe('splitDocuments', () => {
  it('holds whole documents out until they have the share, keeps the order, and loses none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 2, maxLength: 20 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(),
        (lengths, share, seed) => {
          const all = lengths.map((length, at) => text(String(at).padStart(length + 2, '.')));
          const total = all.reduce((sum, { bytes }) => sum + bytes.length, 0);
          const { train, heldOut, cut } = splitDocuments(all, { share, seed });
          expect(cut).toBe(undefined);
          expect(all.filter((one) => train.includes(one))).toEqual(train);
          expect(all.filter((one) => heldOut.includes(one))).toEqual(heldOut);
          expect(train.length + heldOut.length).toBe(all.length);
          expect(Math.min(train.length, heldOut.length)).toBeGreaterThan(0);
          const held = heldOut.reduce((sum, { bytes }) => sum + bytes.length, 0);
          if (train.length > 1) expect(held).toBeGreaterThanOrEqual(share * total);
        },
      ),
    );
  });

  it('draws other documents by another seed, and the same ones by the same', () => {
    const all = Array.from({ length: 40 }, (_, at) => text(`document ${at}`));
    const of = (seed: number) => contents(splitDocuments(all, { share: 0.3, seed }).heldOut);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it.each([
    ['one\ntwo\n\nthree\nfour\n\nfive', 'one\ntwo\n\nthree\nfour\n\n', 'paragraph'],
    ['one two\r\n\r\nthree\r\nfour', 'one two\r\n\r\n', 'paragraph'],
    ['one\ntwo\nthree', 'one\ntwo\n', 'line'],
    ['one two three four', 'one two three ', 'space'],
    ['abcdefgh', 'abcdef', 'byte'],
  ])('cuts a document that is alone: %j', (content, beginning, after) => {
    const { train, heldOut, cut } = splitDocuments([text(content)], { share: 0.3 });
    expect(contents(train)).toEqual([beginning]);
    expect(contents(heldOut)).toEqual([content.slice(beginning.length)]);
    expect(cut).toEqual({ at: beginning.length, after });
  });

  it('takes a line near the share before a paragraph that is far off', () => {
    // A log ends with an empty line; to cut there would hold one byte out.
    const log = 'a line of a log\n'.repeat(2000);
    const { train, heldOut, cut } = splitDocuments([text(`${log}\n\n`)]);
    expect(cut).toEqual({ at: bytesOf(train), after: 'line' });
    expect(bytesOf(heldOut) / log.length).toBeCloseTo(0.05, 3);
  });

  it('leaves a third of what was asked for on either side, wherever paragraphs, lines and spaces end', () => {
    const content = fc.string({ unit: fc.constantFrom(...'aaaaa \n\r'), minLength: 2 });
    const shares = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(content, shares, (content, share) => {
        const { train, heldOut } = splitDocuments([text(content)], { share });
        expect(contents([...train, ...heldOut]).join('')).toBe(content);
        // A byte of each side is rounding.
        expect(bytesOf(heldOut)).toBeGreaterThanOrEqual((share * content.length - 1) / 3);
        expect(bytesOf(train)).toBeGreaterThanOrEqual(((1 - share) * content.length - 1) / 3);
        expect(Math.min(bytesOf(train), bytesOf(heldOut))).toBeGreaterThan(0);
      }),
    );
  });

  it('leaves something on both sides of the shortest document, and refuses what cannot be split', () => {
    for (const share of [0.01, 0.99]) {
      const { train, heldOut } = splitDocuments([text('\n\n')], { share });
      expect([contents(train), contents(heldOut)]).toEqual([['\n'], ['\n']]);
    }
    expect(() => splitDocuments([text('x', 'x.txt')])).toThrow('x.txt had 1 bytes');
    expect(() => splitDocuments([])).toThrow('documents was empty');
    expect(() => splitDocuments([text('abc')], { share: 1 })).toThrow('share was 1');
  });
});
