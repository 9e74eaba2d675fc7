import { CheckpointError } from '@neverend/checkpoint';
import { type Merge, TokenTable } from './bpe/token-table.ts';
import { wordPattern } from './bpe/words.ts';
import { Tokenizer } from './tokenizer.ts';

/** How the boundary is written in `tokenizer.json`. */
const boundaryText = '<|boundary|>';

/** The parts of `tokenizer.json`, as Hugging Face's tokenizers have it, that make a tokenizer. */
export interface TokenizerJson {
  readonly model: {
    readonly type: 'BPE';
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
  };
}

/** What `tokenizer.json` of a model holds: other programs that read Hugging Face's tokenizers make the same tokens of a text with it. */
export function tokenizerJson(
  tokenizer: Tokenizer,
): TokenizerJson & Readonly<Record<string, unknown>> {
  const { merges, boundary } = tokenizer;
  const nameOf = (token: number) => nameOfBytes(tokenizer.bytesOf(token));
  return {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null },
    added_tokens: [
      {
        ...{ id: boundary, content: boundaryText, special: true },
        ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
      },
    ],
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: wordPattern }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null },
      ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(
        Array.from({ length: boundary }, (_, token) => [nameOf(token), token]),
      ),
      merges: merges.map(([left, right]) => [nameOf(left), nameOf(right)]),
    },
  };
}

/** Reads what `tokenizerJson` gave. @throws CheckpointError where it is something else. */
export function tokenizerOfJson(json: unknown): Tokenizer {
  const { vocab, merges } = modelOf(json);
  const table = new TokenTable();
  const found = merges.map((pair, at): Merge => {
    const [left, right] = pair.map((name) => table.tokenOf(bytesOfName(name) ?? ''));
    if (left === undefined || right === undefined || pair.length !== 2) {
      throw new CheckpointError(`merge ${at} of the tokenizer is of unknown tokens (${pair})`);
    }
    table.merge([left, right]);
    return [left, right];
  });
  for (let token = 0; token < table.size; token++) {
    const name = nameOfBytes(Uint8Array.from(table.textOf(token) ?? '', (c) => c.charCodeAt(0)));
    if (vocab[name] === token) continue;
    throw new CheckpointError(
      `the tokenizer has ${JSON.stringify(name)} as the token ${vocab[name]}; its merges make it ${token}`,
    );
  }
  return new Tokenizer(found);
}

function modelOf(json: unknown): TokenizerJson['model'] {
  const { model } = (json ?? {}) as Partial<TokenizerJson>;
  const { type, vocab, merges } = (model ?? {}) as Partial<TokenizerJson['model']>;
  const isList =
    Array.isArray(merges) && merges.every((pair): pair is [string, string] => Array.isArray(pair));
  if (type !== 'BPE' || typeof vocab !== 'object' || vocab === null || !merges || !isList) {
    throw new CheckpointError('the tokenizer must be a BPE with vocab and pairs as merges');
  }
  return { type, vocab, merges };
}

/** GPT-2's characters for the 256 bytes: the printable ones of Latin-1 for themselves, those from U+0100 on for the others. */
const characters: readonly string[] = byteCharacters();
const byteOf = new Map(characters.map((character, byte) => [character, byte]));

function byteCharacters(): string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCharCode(isPrintable ? byte : 256 + others++);
  });
}

const nameOfBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => characters[byte]).join('');

/** @returns undefined for what is no name of bytes. */
function bytesOfName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const bytes = Array.from(name, (character) => byteOf.get(character));
  if (bytes.includes(undefined)) return undefined;
  return String.fromCharCode(...(bytes as number[]));
}
