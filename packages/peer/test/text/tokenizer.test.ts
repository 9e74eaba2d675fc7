import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainBpe } from '../../src/text/bpe/train-bpe.ts';
import { wordsOf } from '../../src/text/bpe/words.ts';
import { readDataSet } from '../../src/text/node/data-sets.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { tokenizerJson, tokenizerOfJson } from '../../src/text/tokenizer-json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const document = (text: string) => ({ name: 'a text', bytes: bytes(text) });

/** Counts all pairs anew for each merge, over words as lists of strings. */
function naiveMerges(text: string, tokens: number): [string, string][] {
  let words = [...wordsOf(bytes(text))].map((word) => [...word]);
  const known = new Set<string>();
  const merges: [string, string][] = [];
  // Tokens by their numbers, so that ties can be told.
  const order: string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  while (256 + known.size < tokens) {
    const counts = new Map<string, { pair: [string, string]; count: number }>();
    for (const word of words) {
      for (let at = 1; at < word.length; at++) {
        const pair: [string, string] = [word[at - 1] as string, word[at] as string];
        const entry = counts.get(pair.join('\u{10000}')) ?? { pair, count: 0 };
        entry.count++;
        counts.set(pair.join('\u{10000}'), entry);
      }
    }
    const rank = ({ pair }: { pair: [string, string] }) =>
      order.indexOf(pair[0]) * 1e6 + order.indexOf(pair[1]);
    const [best] = [...counts.values()].sort((a, b) => b.count - a.count || rank(a) - rank(b));
    if (best === undefined || best.count < 2) break;
    const [left, right] = best.pair;
    merges.push(best.pair);
    if (!order.includes(left + right)) {
      order.push(left + right);
      known.add(left + right);
    }
    words = words.map((word) => {
      const next: string[] = [];
      for (let at = 0; at < word.length; at++) {
        const joins = word[at] === left && word[at + 1] === right;
        next.push(joins ? left + right : (word[at] as string));
        if (joins) at++;
      }
      return next;
    });
  }
  return merges;
}

describe('trainBpe', () => {
  it('merges the pairs that a plain count finds, ties by the lower tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc .é\n'), maxLength: 60 }), (text) => {
        const tokenizer = new Tokenizer(trainBpe([document(text)], 290));
        const named = tokenizer.merges.map((pair) =>
          pair.map((token) => String.fromCharCode(...tokenizer.bytesOf(token))),
        );
        expect(named).toEqual(naiveMerges(text, 289));
      }),
    );
  });

  it('finds the merges of the example of the paper', () => {
    // low 5, lower 2, newest 6, widest 3 (section 3.2): es, est, then lo.
    const text = [
      ...Array(5).fill('low'),
      ...Array(2).fill('lower'),
      ...Array(6).fill('newest'),
      ...Array(3).fill('widest'),
    ];
    const merges = trainBpe(
      text.map((word) => document(word)),
      260,
    );
    const tokenizer = new Tokenizer(merges);
    expect(
      [256, 257, 258].map((token) => String.fromCharCode(...tokenizer.bytesOf(token))),
    ).toEqual(['es', 'est', 'lo']);
  });

  it('never makes two tokens of the same bytes, and stops where no pair comes twice', () => {
    const text = 'abc abc ab ab bc bc abcabc bca cab'.repeat(3);
    const tokenizer = new Tokenizer(trainBpe([document(text)], 5000));
    const texts = Array.from({ length: tokenizer.boundary }, (_, token) =>
      String.fromCharCode(...tokenizer.bytesOf(token)),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(tokenizer.vocabulary).toBeLessThan(400);
    expect(trainBpe([document('abcdefg')], 300)).toEqual([]);
  });

  it('refuses a vocabulary that is none', () => {
    for (const vocabulary of [256, 65_537, 300.5]) {
      expect(() => trainBpe([], vocabulary)).toThrow(`vocabulary was ${vocabulary}`);
    }
  });
});

describe('Tokenizer', () => {
  const trained = new Tokenizer(
    trainBpe([document('the cat and the hat and the bat. '.repeat(9))], 300),
  );

  it('gives any bytes back as they were', () => {
    for (const tokenizer of [new Tokenizer(), trained]) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
          expect(tokenizer.decode(tokenizer.encode(any))).toEqual(any);
        }),
      );
      const long = Uint8Array.from({ length: 2 ** 20 + 77 }, (_, at) => (at * at) % 251);
      expect(Buffer.compare(tokenizer.decode(tokenizer.encode(long)), long)).toBe(0);
    }
  });

  it('has a token for each byte, those of merges, and a boundary without bytes', () => {
    expect([new Tokenizer().vocabulary, new Tokenizer().boundary]).toEqual([257, 256]);
    expect([...new Tokenizer().encode(bytes('ab'))]).toEqual([97, 98]);
    expect(trained.vocabulary).toBe(257 + new Set(trained.merges).size);
    expect([...trained.decode([trained.boundary, 97])]).toEqual([97]);
    expect(() => trained.decode([9999])).toThrow('token was 9999');
    expect(() => new Tokenizer([[1, 256]])).toThrow('merge 0 was of the tokens 1 and 256');
  });

  it('cuts no character of UTF-8', () => {
    const words = [...wordsOf(bytes('Ünïcödé — “quotes” 東京 123456'))];
    for (const word of words) {
      const raw = Uint8Array.from(word, (c) => c.charCodeAt(0));
      expect(() => new TextDecoder('utf-8', { fatal: true }).decode(raw)).not.toThrow();
    }
    expect(words.join('').length).toBe(bytes('Ünïcödé — “quotes” 東京 123456').length);
  });

  it("makes the tokens that Hugging Face's tokenizers make with its JSON, of three chapters", async () => {
    const chapters = (await readDataSet('moby-dick')).slice(5, 8);
    const tokenizer = new Tokenizer(trainBpe(chapters, 700));
    const other = new HuggingFaceTokenizer(tokenizerJson(tokenizer), {});
    for (const { bytes } of chapters) {
      const text = new TextDecoder().decode(bytes);
      const { ids } = other.encode(text, { add_special_tokens: false });
      expect([...tokenizer.encode(bytes)]).toEqual(ids);
    }
  });

  it('goes through its JSON, and refuses others', () => {
    const json = JSON.parse(JSON.stringify(tokenizerJson(trained)));
    expect(tokenizerOfJson(json).merges).toEqual(trained.merges);
    expect(tokenizerOfJson(tokenizerJson(new Tokenizer())).merges).toEqual([]);
    expect(() => tokenizerOfJson({ model: { type: 'WordPiece' } })).toThrow('must be a BPE');
    expect(() => tokenizerOfJson(null)).toThrow('must be a BPE');
    json.model.merges[0] = ['zz', 'zz'];
    expect(() => tokenizerOfJson(json)).toThrow('merge 0 of the tokenizer is of unknown tokens');
    const other = JSON.parse(JSON.stringify(tokenizerJson(trained)));
    other.model.vocab.a = 98;
    expect(() => tokenizerOfJson(other)).toThrow('has "a" as the token 98; its merges make it 97');
  });
});
