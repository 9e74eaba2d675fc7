import { type BinaryFile, toByteSource } from './byte-source.ts';
import { checkOptions } from './check-options.ts';
import { CheckpointError } from './checkpoint-error.ts';
import type { NamedArray } from './named-array.ts';
import { readNpy } from './npy.ts';
import { readZipDirectory } from './zip-directory.ts';
import { readZipMember } from './zip-member.ts';

/** How an .npz file is read. */
export interface NpzOptions {
  /**
   * The most bytes that one array may have in the file, once inflated; 2 GiB if not given. A member that
   * declares more is refused before it is read.
   */
  readonly maxArrayBytes?: number;
  /**
   * Reads elements of two raw bytes (`|V2`), as which NumPy stores the bfloat16 of JAX and ml_dtypes, as
   * bfloat16; refused if not given.
   */
  readonly voidAsBfloat16?: boolean;
}

/** The names of `NpzOptions`. */
export const npzOptions = ['maxArrayBytes', 'voidAsBfloat16'] as const;

/** An .npz file whose directory has been read and checked, and whose arrays are read when asked for. */
export interface Npz extends AsyncIterable<[name: string, array: NamedArray], void, undefined> {
  /** The arrays' names, without `.npy`, in the file's order. */
  readonly names: readonly string[];
  /**
   * Reads one array. float16 and bfloat16 become float32, Fortran order becomes row-major.
   *
   * @throws CheckpointError when there is no array of this name, or it is damaged or not one that is read.
   */
  read(name: string): Promise<NamedArray>;
}

const suffix = '.npy';

/**
 * Opens an .npz file of NumPy's `savez` or `savez_compressed`. Of the file, only the directory is read; each
 * array is read as the iteration comes to it, and let go of afterwards.
 *
 * @param file its bytes, a Blob, or random access to it, which must not change while it is read.
 * @throws CheckpointError when it is not a ZIP file of `.npy` members or its directory is not valid; what the
 * source's `read` throws.
 * @throws TypeError for an option that there is not, RangeError for a limit that is not an integer >= 0.
 */
export async function openNpz(file: BinaryFile, options: NpzOptions = {}): Promise<Npz> {
  checkOptions('openNpz', options, npzOptions);
  const { maxArrayBytes = 2 ** 31, voidAsBfloat16 = false } = options;
  if (!(Number.isSafeInteger(maxArrayBytes) && maxArrayBytes >= 0)) {
    throw new RangeError(`maxArrayBytes was ${maxArrayBytes}; it must be an integer >= 0`);
  }
  const source = toByteSource(file);
  const entries = new Map(
    (await readZipDirectory(source)).map((entry) => [arrayName(entry.name), entry]),
  );
  const read = async (name: string): Promise<NamedArray> => {
    const entry = entries.get(name);
    const what = `array ${JSON.stringify(name)}`;
    if (entry === undefined) throw new CheckpointError(`the file has no ${what}`);
    if (entry.size > maxArrayBytes) {
      throw new CheckpointError(
        `${what} has ${entry.size} bytes; maxArrayBytes allows ${maxArrayBytes}`,
      );
    }
    try {
      return await readNpy(readZipMember(source, entry), entry.size, voidAsBfloat16);
    } catch (error) {
      if (!CheckpointError.isInstance(error)) throw error;
      throw new CheckpointError(`${what}: ${error.message}`, { cause: error });
    }
  };
  return {
    names: [...entries.keys()],
    read,
    async *[Symbol.asyncIterator]() {
      for (const name of entries.keys()) yield [name, await read(name)];
    },
  };
}

function arrayName(member: string): string {
  if (member.endsWith(suffix)) return member.slice(0, -suffix.length);
  throw new CheckpointError(
    `member ${JSON.stringify(member)} is no array; its name must end with ${suffix}`,
  );
}
