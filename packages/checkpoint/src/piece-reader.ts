import { CheckpointError } from './checkpoint-error.ts';

/** Reads given numbers of bytes from pieces of any sizes. */
export class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array, void, undefined>;
  #piece: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array, void, undefined>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `count` bytes, copied. @throws CheckpointError when there are fewer. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    await this.fill(bytes);
    return bytes;
  }

  /** Fills `target` with the next bytes. @throws CheckpointError when there are fewer. */
  async fill(target: Uint8Array): Promise<void> {
    for (let at = 0; at < target.length; ) {
      if (this.#piece.length === 0 && !(await this.#next())) {
        throw new CheckpointError('its content is cut off');
      }
      const part = this.#piece.subarray(0, target.length - at);
      target.set(part, at);
      this.#piece = this.#piece.subarray(part.length);
      at += part.length;
    }
  }

  /** Reads to the end, so that whoever makes the pieces has checked them all. */
  async finish(): Promise<void> {
    while (await this.#next());
  }

  /** Lets go of what the pieces come from. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    this.#piece = value ?? new Uint8Array();
    return done !== true;
  }
}
