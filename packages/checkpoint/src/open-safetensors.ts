import { type BinaryFile, toByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { arrayOf } from './decode-safetensors.ts';
import type { NamedArray } from './named-array.ts';
import { dataStartOf, lengthBytes, readHeader } from './safetensors-header.ts';

/** A safetensors file whose header has been read and checked, and whose arrays are read when asked for. */
export interface OpenSafetensors {
  /** The arrays' names, in the order of their data. */
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one array; F16 and BF16 become float32. @throws CheckpointError when there is none of this name; what the source throws. */
  read(name: string): Promise<NamedArray>;
}

const pieceBytes = 1 << 20;

/**
 * Opens a safetensors file as `decodeSafetensors` reads it, one array at a time: no more is held, so that a file may be larger
 * than memory.
 *
 * @param file its bytes, a Blob, or random access to it, which must not change while it is read.
 * @throws CheckpointError naming the field of the header that is wrong; what the source's `read` throws.
 */
export async function openSafetensors(file: BinaryFile): Promise<OpenSafetensors> {
  const source = toByteSource(file);
  const { size } = source;
  const dataStart = dataStartOf(await source.read(0, Math.min(lengthBytes, size)), size);
  const header = await source.read(lengthBytes, dataStart);
  const { entries, metadata } = readHeader(header, size - dataStart);
  const inOrder = entries.toSorted((a, b) => a.start - b.start);
  const named = new Map(inOrder.map((entry) => [entry.name, entry]));
  return {
    names: [...named.keys()],
    metadata,
    async read(name) {
      const entry = named.get(name);
      if (entry === undefined) {
        throw new CheckpointError(`the file has no array ${JSON.stringify(name)}`);
      }
      const bytes = new Uint8Array(entry.end - entry.start);
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const start = dataStart + entry.start + at;
        const end = Math.min(start + pieceBytes, dataStart + entry.end);
        bytes.set(await source.read(start, end), at);
      }
      return arrayOf(entry, bytes);
    },
  };
}
