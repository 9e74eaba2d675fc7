import type { FormatContext, IOContext } from 'node-av/lib';
import type { NodeAv } from './node-av.ts';

const bufferSize = 65_536;

/** The bytes of a stream as FFmpeg asks for them; none is read before. */
export class ByteInput {
  readonly #av: NodeAv;
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #io: IOContext;
  readonly #stopped: Promise<undefined>;
  #stop: () => void = () => {};
  #rest: Uint8Array = new Uint8Array(0);
  #isOver = false;
  #isEmpty = true;
  /** What the stream threw. */
  error: unknown;

  constructor(av: NodeAv, bytes: AsyncIterable<Uint8Array>) {
    this.#av = av;
    this.#bytes = bytes[Symbol.asyncIterator]();
    this.#stopped = new Promise((resolve) => {
      this.#stop = () => resolve(undefined);
    });
    this.#io = new av.IOContext();
    this.#io.allocContextWithCallbacks(bufferSize, 0, (size) => this.#read(size), null, null);
  }

  /** Has a demuxer read from here. */
  feed(format: FormatContext): void {
    format.pb = this.#io;
  }

  /** Whether no byte has come. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  async #read(size: number): Promise<Buffer | number> {
    try {
      while (this.#rest.length === 0) {
        if (this.#isOver) return this.#av.AVERROR_EOF;
        // A stream may never say anything again, and closing must not wait for it.
        const step = await Promise.race([this.#bytes.next(), this.#stopped]);
        if (step === undefined || step.done === true) this.#isOver = true;
        else this.#rest = step.value;
      }
    } catch (error) {
      this.error = error;
      this.#isOver = true;
      return this.#av.AVERROR_EIO;
    }
    this.#isEmpty = false;
    const { buffer, byteOffset, length } = this.#rest;
    const count = Math.min(size, length);
    this.#rest = this.#rest.subarray(count);
    return Buffer.from(buffer, byteOffset, count);
  }

  /** A read that waits ends, and with it what waits for the read. */
  stop(): void {
    this.#isOver = true;
    this.#stop();
  }

  /** After the demuxer was closed. */
  close(): void {
    this.stop();
    this.#io.freeContext();
    // A stream that waits for its next bytes answers when they come, and nobody cares then.
    void this.#bytes.return?.().catch(() => {});
  }
}
