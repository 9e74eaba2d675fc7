import { type FileHandle, open } from 'node:fs/promises';

/** `metrics.jsonl` of a run: one line of JSON for each step and each evaluation, in their order. */
export class MetricsFile {
  readonly #file: FileHandle;
  #bytes: number;

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens a file for the lines after its first `bytes`; what is beyond them was written after the checkpoint, and goes. */
  static async open(path: string, bytes: number): Promise<MetricsFile> {
    const file = await open(path, 'a');
    try {
      const { size } = await file.stat();
      if (size > bytes) await file.truncate(bytes);
      return new MetricsFile(file, Math.min(size, bytes));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** How many bytes there are. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(line: object): Promise<void> {
    const { bytesWritten } = await this.#file.write(`${JSON.stringify(line)}\n`);
    this.#bytes += bytesWritten;
  }

  /** Waits until the disk has all lines. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
