import { type BinaryFile, type ByteSource, toByteSource } from './byte-source.ts';
import { checkOptions } from './check-options.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { asKind, isPickled, pickled } from './file-kind.ts';
import type { NamedArray } from './named-array.ts';
import { type NpyOptions, npyOfPieces } from './npy.ts';
import { beginsAsNpy, npyPrefixBytes } from './npy-header.ts';
import { PieceReader } from './piece-reader.ts';
import { UnreadableContent } from './unreadable-content.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';
import { readZipMember } from './zip-member.ts';

/** How an .npz file is read. */
export interface NpzOptions extends NpyOptions {
  /**
   * The most bytes that one array may have in the file, once inflated; 2 GiB if not given. A member that
   * declares more is refused before it is read.
   */
  readonly maxArrayBytes?: number;
}

/** The names of `NpzOptions`. */
export const npzOptions = ['maxArrayBytes', 'voidAsBfloat16'] as const;

/**
 * An .npz file whose directory has been read and checked, and whose arrays are read when asked for. The iteration leaves out what
 * `unreadable` then names.
 */
export interface Npz extends AsyncIterable<[name: string, array: NamedArray], void, undefined> {
  /** The names of arrays, without `.npy`, and of what is called `.npy`, in the file's order. */
  readonly names: readonly string[];
  /** The names of members that are no arrays; folders are left out. */
  readonly others: readonly string[];
  /**
   * Why some of `names` that the iteration has come to are not among what it gave: they are whole, and no arrays, or their elements are
   * of a type that is not read, or they are compressed in a way that is not read.
   */
  readonly unreadable: Readonly<Record<string, string>>;
  /**
   * Reads one array. float16 and bfloat16 become float32, Fortran order becomes row-major.
   *
   * @throws CheckpointError when there is no array of this name, or it is damaged or not one that is read.
   */
  read(name: string): Promise<NamedArray>;
}

const suffix = '.npy';

/**
 * Opens an .npz file of NumPy's `savez` or `savez_compressed`. Of the file, only the directory is read, and how members that are not
 * called `.npy` begin, as NumPy finds arrays by that; each array is read as the iteration comes to it, and let go of afterwards.
 *
 * @param file its bytes, a Blob, or random access to it, which must not change while it is read.
 * @throws CheckpointError when it is not a ZIP file, or a checkpoint of PyTorch, or its directory is not valid; what the
 * source's `read` throws.
 * @throws TypeError for an option that there is not, or what holds no file, such as a path; RangeError for a limit that is not an integer >= 0.
 */
export async function openNpz(file: BinaryFile, options: NpzOptions = {}): Promise<Npz> {
  checkOptions('openNpz', options, npzOptions);
  const { maxArrayBytes = 2 ** 31, voidAsBfloat16 = false } = options;
  if (!(Number.isSafeInteger(maxArrayBytes) && maxArrayBytes >= 0)) {
    throw new RangeError(`maxArrayBytes was ${maxArrayBytes}; it must be an integer >= 0`);
  }
  const source = toByteSource(file);
  const members = await asKind('npz', source, () => readZipDirectory(source));
  if (members.some(({ name }) => isPickled(name))) throw pickled();
  const arrays: ZipEntry[] = [];
  const others: string[] = [];
  for (const entry of members) {
    if (entry.name.endsWith('/')) continue;
    if (entry.name.endsWith(suffix) || (await isArray(source, entry))) arrays.push(entry);
    else others.push(entry.name);
  }
  const taken = new Set(arrays.map(({ name }) => name));
  const nameOf = ({ name }: ZipEntry) => {
    const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
    return taken.has(short) ? name : short;
  };
  const entries = new Map(arrays.map((entry) => [nameOf(entry), entry]));
  // Without a prototype, as a member may be called __proto__.
  const unreadable = Object.create(null) as Record<string, string>;
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
      return await npyOfPieces(readZipMember(source, entry), entry.size, voidAsBfloat16);
    } catch (error) {
      if (!CheckpointError.isInstance(error)) throw error;
      const Kind = error instanceof UnreadableContent ? UnreadableContent : CheckpointError;
      throw new Kind(`${what}: ${error.message}`, { cause: error });
    }
  };
  return {
    names: [...entries.keys()],
    ...{ others, unreadable, read },
    async *[Symbol.asyncIterator]() {
      for (const name of entries.keys()) {
        const array = await readOr(
          () => read(name),
          (why) => {
            unreadable[name] = why;
          },
        );
        if (array !== undefined) yield [name, array];
      }
    },
  };
}

/** Whether a member that is not called so is an array all the same. */
async function isArray(source: ByteSource, entry: ZipEntry): Promise<boolean> {
  if (entry.size < npyPrefixBytes) return false;
  const reader = new PieceReader(readZipMember(source, entry));
  try {
    return beginsAsNpy(await reader.take(npyPrefixBytes));
  } catch (error) {
    if (CheckpointError.isInstance(error)) return false;
    throw error;
  } finally {
    await reader.close();
  }
}

/** What `read` gives, or nothing where it is no array that is read. */
async function readOr(
  read: () => Promise<NamedArray>,
  leaveOut: (why: string) => void,
): Promise<NamedArray | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreadableContent)) throw error;
    leaveOut(error.message);
    return undefined;
  }
}
