import { bytesOf, type TextDocument } from './document.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Documents as tokens, one after the other, each behind a boundary. */
export interface TokenStream {
  readonly tokens: Uint16Array;
  /** The token of boundaries. */
  readonly boundary: number;
  /** How many bytes the documents have. */
  readonly bytes: number;
}

/** Makes tokens of documents. */
export function tokenStream(documents: readonly TextDocument[], tokenizer: Tokenizer): TokenStream {
  const { boundary } = tokenizer;
  const parts = documents.map(({ bytes }) => tokenizer.encode(bytes));
  const tokens = new Uint16Array(parts.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const part of parts) {
    tokens[at++] = boundary;
    tokens.set(part, at);
    at += part.length;
  }
  return { tokens, boundary, bytes: bytesOf(documents) };
}
