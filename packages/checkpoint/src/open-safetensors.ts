import { type BinaryFile, toByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { arrayOf, viewOf } from './decode-safetensors.ts';
import { asKind } from './file-kind.ts';
import { type DType, type NamedArray, shapeSize } from './named-array.ts';
import { dataStartOf, type Entry, entryOf, lengthBytes, readHeader } from './safetensors-header.ts';
import { checkSliceOptions, type SliceOptions, splitRows } from './split-rows.ts';

/** A safetensors file whose header has been read and checked, and whose arrays are read when asked for. */
export interface OpenSafetensors {
  /** The names of the arrays that can be read, in the order of their data. */
  readonly names: readonly string[];
  /** The formats of those that cannot, as the file names them. */
  readonly unreadable: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** What `read` will give. @throws CheckpointError when there is no array of this name that can be read. */
  info(name: string): ArrayInfo;
  /**
   * Reads one array; F16, BF16, F8_E4M3 and F8_E5M2 become float32.
   *
   * @throws CheckpointError when there is none of this name that can be read, or it is larger than one array can be; what the source throws.
   */
  read(name: string): Promise<NamedArray>;
  /**
   * Reads one array in slices of rows: a few slices are in memory at once, however large it is. An array of shape `[N, ...row]` gives
   * arrays `[K, ...row]`, in order. Where a row has more bytes than a slice may have, the first axes are taken
   * together: `[A, B, ...row]` is then read as `[A * B, ...row]`, and so on. A scalar is one row; an array without elements has no slices.
   *
   * The slices of a file that is in memory are views of it where its alignment allows: do not write to them.
   *
   * @throws TypeError or RangeError for a wrong option, the signal's reason once it is aborted, and what `read` throws.
   */
  slices(name: string, options?: SliceOptions): AsyncGenerator<NamedArray, void, undefined>;
}

/** What there is to know of an array before it is read. */
export interface ArrayInfo {
  /** Of its elements once they are read. */
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * Opens a safetensors file as `decodeSafetensors` reads it, one array or one slice at a time: no more is held, so that a file may be
 * larger than memory.
 *
 * @param file its bytes, a Blob, or random access to it, which must not change while it is read.
 * @throws CheckpointError naming the field of the header that is wrong; what the source's `read` throws;
 * TypeError for what holds no file, such as a path.
 */
export async function openSafetensors(file: BinaryFile): Promise<OpenSafetensors> {
  const source = toByteSource(file);
  const { size } = source;
  const { dataStart, entries, metadata, unreadable } = await asKind(
    'safetensors',
    source,
    async () => {
      const start = dataStartOf(await source.read(0, Math.min(lengthBytes, size)), size);
      const header = await source.read(lengthBytes, start);
      return { dataStart: start, ...readHeader(header, size - start) };
    },
  );
  const inOrder = entries.toSorted((a, b) => a.start - b.start);
  const named = new Map(inOrder.map((entry) => [entry.name, entry]));
  const find = (name: string): Entry => entryOf(named, unreadable, name);
  return {
    names: [...named.keys()],
    ...{ metadata, unreadable },
    info: (name) => {
      const { format, shape } = find(name);
      return { dtype: format.dtype ?? 'float32', shape };
    },
    async read(name) {
      const { format, shape, start, end } = find(name);
      const bytes = allocate(name, end - start);
      await source.fill(bytes, dataStart + start);
      return arrayOf(format, shape, bytes);
    },
    async *slices(name, options = {}) {
      const { sliceBytes, signal } = checkSliceOptions('slices', options);
      const { format, shape, start, end } = find(name);
      if (start === end) return;
      // What is not written is read as float32.
      const elementBytes = format.dtype === undefined ? 4 : format.bytes;
      const { rows, row, rowsPerSlice } = splitRows(shape, elementBytes, sliceBytes);
      const rowBytes = shapeSize(row) * format.bytes;
      for (let first = 0; first < rows; first += rowsPerSlice) {
        signal?.throwIfAborted();
        const part = [Math.min(rowsPerSlice, rows - first), ...row];
        const from = dataStart + start + first * rowBytes;
        const length = shapeSize(part) * format.bytes;
        if ('byteLength' in file)
          yield viewOf(format, part, await source.read(from, from + length));
        else {
          const bytes = allocate(name, length);
          await source.fill(bytes, from);
          yield arrayOf(format, part, bytes);
        }
      }
    },
  };
}

function allocate(name: string, length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (error) {
    throw new CheckpointError(
      `array ${JSON.stringify(name)} has ${length} bytes, for which there is no memory in one piece; it can be read in slices`,
      { cause: error },
    );
  }
}
