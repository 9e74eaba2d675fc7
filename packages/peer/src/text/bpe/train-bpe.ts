import type { TextDocument } from '../document.ts';
import { type Merge, TokenTable } from './token-table.ts';
import { wordsOf } from './words.ts';

/** A piece of text that comes `count` times, as tokens. */
interface Word {
  tokens: number[];
  readonly count: number;
}

const shift = 2 ** 16;

/**
 * Byte-pair encoding (Sennrich et al., arXiv 1508.07909, algorithm 1) on bytes: the pair of tokens that stands beside each other most often within words
 * becomes a token of its own, again and again. Equal counts go to the lower tokens, the left one first.
 *
 * @param vocabulary how many tokens there are to be, from 257 on: the 256 bytes, what merges make, and the boundary. There are fewer where no pair comes twice
 * any more.
 * @returns in their order; a Tokenizer takes them.
 * @throws RangeError for another vocabulary.
 */
export function trainBpe(documents: readonly TextDocument[], vocabulary: number): Merge[] {
  if (!(Number.isInteger(vocabulary) && vocabulary >= 257 && vocabulary <= 65_536)) {
    throw new RangeError(`vocabulary was ${vocabulary}; it must be an integer from 257 to 65536`);
  }
  const words = countedWords(documents);
  const pairs = new PairCounts();
  for (const [index, word] of words.entries()) pairs.add(word, index, word.count);
  const table = new TokenTable();
  const merges: Merge[] = [];
  while (table.size < vocabulary - 1) {
    const best = pairs.most();
    if (best === undefined || best.count < 2) break;
    const merge: Merge = [Math.floor(best.pair / shift), best.pair % shift];
    const token = table.merge(merge) as number;
    merges.push(merge);
    for (const index of pairs.wordsWith(best.pair)) {
      const word = words[index] as Word;
      pairs.add(word, index, -word.count);
      word.tokens = merged(word.tokens, merge, token);
      pairs.add(word, index, word.count);
    }
  }
  return merges;
}

/** Puts a token in the place of each of its pairs, from the left. */
export function merged(tokens: readonly number[], [left, right]: Merge, token: number): number[] {
  const result: number[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const isPair = tokens[at] === left && tokens[at + 1] === right;
    result.push(isPair ? token : (tokens[at] as number));
    if (isPair) at++;
  }
  return result;
}

function countedWords(documents: readonly TextDocument[]): Word[] {
  const counts = new Map<string, number>();
  for (const { bytes } of documents) {
    for (const word of wordsOf(bytes)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => ({
    tokens: Array.from(word, (byte) => byte.charCodeAt(0)),
    count,
  }));
}

/** How often pairs stand in words, and in which. */
class PairCounts {
  readonly #counts = new Map<number, number>();
  /** Words that had a pair once. */
  readonly #words = new Map<number, Set<number>>();

  /** @param times negative to take a word out. */
  add({ tokens }: Word, index: number, times: number): void {
    for (let at = 1; at < tokens.length; at++) {
      const pair = (tokens[at - 1] as number) * shift + (tokens[at] as number);
      const count = (this.#counts.get(pair) ?? 0) + times;
      if (count === 0) {
        this.#counts.delete(pair);
        this.#words.delete(pair);
        continue;
      }
      this.#counts.set(pair, count);
      const words = this.#words.get(pair);
      if (words === undefined) this.#words.set(pair, new Set([index]));
      else words.add(index);
    }
  }

  most(): { readonly pair: number; readonly count: number } | undefined {
    let best: { pair: number; count: number } | undefined;
    for (const [pair, count] of this.#counts) {
      if (best === undefined || count > best.count || (count === best.count && pair < best.pair)) {
        best = { pair, count };
      }
    }
    return best;
  }

  wordsWith(pair: number): readonly number[] {
    return [...(this.#words.get(pair) ?? [])];
  }
}
