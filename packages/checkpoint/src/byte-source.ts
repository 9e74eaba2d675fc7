import { CheckpointError } from './checkpoint-error.ts';

/** Random access to the bytes of a file: on disk, behind HTTP range requests, anywhere. */
export interface ByteSource {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`; `0 <= start <= end <= size`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** What holds a file: its bytes, a Blob (such as a File that a user picked), or random access to it. */
export type BinaryFile = Uint8Array | ArrayBuffer | Blob | ByteSource;

/** Random access to a file. @returns a source that throws a CheckpointError where `file` gives more or fewer bytes than asked for. */
export function toByteSource(file: BinaryFile): ByteSource {
  const { size, read } = uncheckedSource(file);
  return {
    size,
    read: async (start, end) => {
      const bytes = await read(start, end);
      if (bytes.length === end - start) return bytes;
      throw new CheckpointError(
        `the file gave ${bytes.length} bytes from byte ${start} on; it must give ${end - start}`,
      );
    },
  };
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
  return { size: file.size, read };
}
