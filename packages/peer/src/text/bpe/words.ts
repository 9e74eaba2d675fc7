/**
 * Where texts are cut before bytes are merged: GPT-2's pattern on bytes, with those from 128 on as letters, so that no cut falls into a character of UTF-8. The
 * longest pieces have 64 bytes: merging takes time by their square.
 */
export const wordPattern: string =
  ' ?[A-Za-z\\u0080-\\uffff]{1,64}| ?[0-9]{1,3}| ?[^\\t-\\r A-Za-z0-9\\u0080-\\uffff]{1,64}|[\\t-\\r ]{1,64}(?![^\\t-\\r ])|[\\t-\\r ]{1,64}';

/** How many bytes are looked at together; a piece that reaches beyond the end of a part is cut there. */
const part = 2 ** 20;

/** The pieces of a text, a character for each byte: all of it, in order. */
export function* wordsOf(bytes: Uint8Array): Generator<string, void> {
  for (let start = 0; start < bytes.length; start += part) {
    const text = binaryString(bytes.subarray(start, start + part));
    for (const [word] of text.matchAll(new RegExp(wordPattern, 'g'))) yield word;
  }
}

/** Not by a TextDecoder: its `latin1` is Windows-1252, which has other characters for 128 to 159. */
function binaryString(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  return pieces.join('');
}
