import { type FileHandle, open } from 'node:fs/promises';
import { ofPath } from '../of-path.ts';

/** `metrics.jsonl` of a run: one line of JSON for each step and each evaluation, in their order. */
export class MetricsFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens a file for the lines after its first `bytes`; what is beyond them was written after the checkpoint, and goes. */
  static async open(path: string, bytes: number): Promise<MetricsFile> {
    const file = await open(path, 'a');
    try {
      const { size } = await file.stat();
      if (size > bytes) await file.truncate(bytes);
      return new MetricsFile(path, file, Math.min(size, bytes));
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
    const text = `${JSON.stringify(line)}\n`;
    const { bytesWritten } = await ofPath(this.#path, () => this.#file.write(text));
    this.#bytes += bytesWritten;
  }

  /** Waits until the disk has all lines. */
  async sync(): Promise<void> {
    await ofPath(this.#path, () => this.#file.sync());
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
