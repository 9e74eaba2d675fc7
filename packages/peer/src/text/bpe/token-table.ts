/** Two tokens that become one. */
export type Merge = readonly [left: number, right: number];

/** Tokens and the bytes that they stand for, as strings with a character for each byte: the 256 bytes, and what merges make of them. */
export class TokenTable {
  readonly #texts: string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  readonly #tokens = new Map<string, number>(this.#texts.map((text, token) => [text, token]));

  get size(): number {
    return this.#texts.length;
  }

  textOf(token: number): string | undefined {
    return this.#texts[token];
  }

  tokenOf(text: string): number | undefined {
    return this.#tokens.get(text);
  }

  /** @returns the token that two others become: a new one, or the one that stands for these bytes already. Undefined where one of them is none. */
  merge([left, right]: Merge): number | undefined {
    const [one, other] = [this.#texts[left], this.#texts[right]];
    if (one === undefined || other === undefined) return undefined;
    const text = one + other;
    const known = this.#tokens.get(text);
    if (known !== undefined) return known;
    const token = this.#texts.push(text) - 1;
    this.#tokens.set(text, token);
    return token;
  }
}
