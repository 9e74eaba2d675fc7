import type { TextDocument } from './document.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Documents as tokens, one after the other, each behind a boundary. */
export interface TokenStream {
  readonly tokens: Uint16Array;
  /** The token of boundaries. */
  readonly boundary: number;
  /** How many bytes each token of the vocabulary stands for; the boundary for none. */
  readonly byteLengths: Uint16Array;
}

/** Makes tokens of documents. */
export function tokenStream(documents: readonly TextDocument[], tokenizer: Tokenizer): TokenStream {
  const { boundary, vocabulary } = tokenizer;
  const parts = documents.map(({ bytes }) => tokenizer.encode(bytes));
  const tokens = new Uint16Array(parts.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const part of parts) {
    tokens[at++] = boundary;
    tokens.set(part, at);
    at += part.length;
  }
  const byteLengths = Uint16Array.from(
    { length: vocabulary },
    (_, token) => tokenizer.bytesOf(token).length,
  );
  return { tokens, boundary, byteLengths };
}

/** How many bytes some tokens of a stream stand for. */
export function bytesOfTokens(tokens: ArrayLike<number>, { byteLengths }: TokenStream): number {
  let bytes = 0;
  for (let at = 0; at < tokens.length; at++) bytes += byteLengths[tokens[at] as number] ?? 0;
  return bytes;
}
