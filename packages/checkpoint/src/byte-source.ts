import { CheckpointError } from './checkpoint-error.ts';
import { described } from './described.ts';

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

/**
 * Random access to a file.
 *
 * @returns a source that throws a CheckpointError where `file` gives more or fewer bytes than asked for.
 * @throws TypeError for what holds no file, such as a path.
 */
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

/** The bytes of a file that is in memory. @throws TypeError where it is not. */
export function bytesOf(file: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = viewOf(file);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    `the file was ${described(file)}; it must be its bytes, a Uint8Array or an ArrayBuffer`,
  );
}

function uncheckedSource(file: BinaryFile): ByteSource {
  const bytes = viewOf(file);
  if (bytes !== undefined) {
    return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
  }
  if (isBlob(file)) {
    const read = async (start: number, end: number) =>
      new Uint8Array(await file.slice(start, end).arrayBuffer());
    return { size: file.size, read };
  }
  if (!isSource(file)) {
    const hint = typeof file === 'string' ? '; @neverend/checkpoint/node opens files by path' : '';
    throw new TypeError(
      `the file was ${described(file)}; it must be its bytes, a Blob or { size, read(start, end) }${hint}`,
    );
  }
  const fill = file.fill?.bind(file);
  return { size: file.size, read: file.read.bind(file), ...(fill && { fill }) };
}

// What follows goes by what is there, as files may come from another realm.

function isBlob(file: unknown): file is Blob {
  const { size, slice, arrayBuffer } = (file ?? {}) as Partial<Blob>;
  return isSize(size) && typeof slice === 'function' && typeof arrayBuffer === 'function';
}

function isSource(file: unknown): file is ByteSource {
  const { size, read } = (file ?? {}) as Partial<ByteSource>;
  return isSize(size) && typeof read === 'function';
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && Number(size) >= 0;
}

function viewOf(file: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(file)) {
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  }
  const type = Object.prototype.toString.call(file);
  const isBuffer = type === '[object ArrayBuffer]' || type === '[object SharedArrayBuffer]';
  return isBuffer ? new Uint8Array(file as ArrayBuffer) : undefined;
}
