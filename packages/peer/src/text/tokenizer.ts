import { type Merge, TokenTable } from './bpe/token-table.ts';
import { merged } from './bpe/train-bpe.ts';
import { wordsOf } from './bpe/words.ts';

/** Pieces of text whose tokens are remembered. */
const remembered = 2 ** 17;

/**
 * Makes tokens of bytes, and bytes of tokens: the 256 bytes, what merges make of them (`trainBpe`), and one token that stands before each document. Any bytes
 * come back as they were, text or not.
 */
export class Tokenizer {
  readonly merges: readonly Merge[];
  /** Number of tokens, that of the boundary among them. */
  readonly vocabulary: number;
  /** The token before each document: the last one. */
  readonly boundary: number;
  readonly #table = new TokenTable();
  /** The tokens that merges make, and by which pairs. */
  readonly #made: readonly number[];
  readonly #ranks: ReadonlyMap<number, number>;
  readonly #known = new Map<string, readonly number[]>();

  /** @param merges none for a tokenizer of bytes. @throws RangeError naming a merge of tokens that do not come before it. */
  constructor(merges: readonly Merge[] = []) {
    this.#made = merges.map(([left, right], at) => {
      const token = this.#table.merge([left, right]);
      if (token !== undefined) return token;
      throw new RangeError(
        `merge ${at} was of the tokens ${left} and ${right}; they must be below ${this.#table.size}`,
      );
    });
    this.merges = merges;
    this.boundary = this.#table.size;
    this.vocabulary = this.#table.size + 1;
    this.#ranks = new Map(merges.map(([left, right], rank) => [keyOf(left, right), rank]));
  }

  /** @returns the tokens of a text, without a boundary. */
  encode(bytes: Uint8Array): Uint16Array {
    if (this.merges.length === 0) return Uint16Array.from(bytes);
    const tokens = new Uint16Array(bytes.length);
    let length = 0;
    for (const word of wordsOf(bytes)) {
      const of = this.#tokensOf(word);
      tokens.set(of, length);
      length += of.length;
    }
    return tokens.slice(0, length);
  }

  /** @returns the bytes of tokens; boundaries have none. @throws RangeError naming a token that is none. */
  decode(tokens: ArrayLike<number>): Uint8Array {
    const pieces = Array.from(tokens, (token) => this.bytesOf(token));
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** The bytes that a token stands for; none for the boundary. @throws RangeError where it is no token. */
  bytesOf(token: number): Uint8Array {
    if (token === this.boundary) return new Uint8Array(0);
    const text = this.#table.textOf(token);
    if (text !== undefined) return Uint8Array.from(text, (byte) => byte.charCodeAt(0));
    throw new RangeError(`token was ${token}; it must be an integer from 0 to ${this.boundary}`);
  }

  #tokensOf(word: string): readonly number[] {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    let tokens = Array.from(word, (byte) => byte.charCodeAt(0));
    while (tokens.length > 1) {
      const rank = this.#firstMerge(tokens);
      if (rank === undefined) break;
      tokens = merged(tokens, this.merges[rank] as Merge, this.#made[rank] as number);
    }
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(word, tokens);
    return tokens;
  }

  /** The earliest of the merges that some pair stands for. */
  #firstMerge(tokens: readonly number[]): number | undefined {
    let first: number | undefined;
    for (let at = 1; at < tokens.length; at++) {
      const rank = this.#ranks.get(keyOf(tokens[at - 1] as number, tokens[at] as number));
      if (rank !== undefined && (first === undefined || rank < first)) first = rank;
    }
    return first;
  }
}

const keyOf = (left: number, right: number): number => left * 2 ** 16 + right;
