import { CheckpointError } from './checkpoint-error.ts';

/** Random access to the bytes of a file: on disk, behind HTTP range requests, anywhere. */
export interface ByteSource {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`; `0 <= start <= end <= size`. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Fills `target` with the bytes from `start` on. Without it, `read` is asked for at most 1 MiB at a time. */
  fill?(target: Uint8Array, start: number): Promise<void>;
}

/** What holds a file: its bytes, a Blob (such as a File that a user picked), or random access to it. */
export type BinaryFile = Uint8Array | ArrayBuffer | Blob | ByteSource;

const pieceBytes = 1 << 20;

/** Random access to a file. @returns a source that throws a CheckpointError where `file` gives more or fewer bytes than asked for. */
export function toByteSource(file: BinaryFile): Required<ByteSource> {
  const { size, read, fill } = uncheckedSource(file);
  const checkedRead = async (start: number, end: number) => {
    const bytes = await read(start, end);
    if (bytes.length === end - start) return bytes;
    throw wrongLength(bytes.length, start, end - start);
  };
  const fillByRead = async (target: Uint8Array, start: number) => {
    for (let at = 0; at < target.length; at += pieceBytes) {
      const end = Math.min(at + pieceBytes, target.length);
      target.set(await checkedRead(start + at, start + end), at);
    }
  };
  return { size, read: checkedRead, fill: fill ?? fillByRead };
}

/** What is wrong with a file that gives `given` bytes where `wanted` were asked for. */
export function wrongLength(given: number, start: number, wanted: number): CheckpointError {
  return new CheckpointError(
    `the file gave ${given} bytes from byte ${start} on; it must give ${wanted}`,
  );
}

function uncheckedSource(file: BinaryFile): ByteSource {
  // Not instanceof: these may come from another realm.
  if ('byteLength' in file) {
    const bytes = ArrayBuffer.isView(file) ? file : new Uint8Array(file);
    return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
  }
  const read =
    'arrayBuffer' in file
      ? async (start: number, end: number) =>
          new Uint8Array(await file.slice(start, end).arrayBuffer())
      : file.read.bind(file);
  const fill = 'fill' in file ? file.fill?.bind(file) : undefined;
  return { size: file.size, read, ...(fill && { fill }) };
}
