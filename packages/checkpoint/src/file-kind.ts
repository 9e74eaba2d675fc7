// biome-ignore-all lint/suspicious/noControlCharactersInRegex: the bytes of files are no text.
import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';

interface Kind {
  /** What a file begins with, as text of Latin-1. */
  readonly start: RegExp;
  readonly what: string;
  readonly readBy?: string;
}

/** The kinds of files that are read here. */
const ours: Readonly<Record<'npy' | 'npz' | 'safetensors', Kind>> = {
  npy: {
    start: /^\x93NUMPY/,
    what: 'an .npy file',
    readBy: 'decodeNpy reads it, and readNpy in Node',
  },
  npz: {
    start: /^PK(\x03\x04|\x05\x06)/,
    what: 'a ZIP file, such as an .npz file or a checkpoint of PyTorch (.pth, .pt)',
    readBy: 'openNpz reads .npz files, and readNpz in Node',
  },
  safetensors: {
    start: /^.{4}\0{4}[ \t\n\r]*\{[ \t\n\r]*["}]/s,
    what: 'a safetensors file',
    readBy: 'decodeSafetensors and openSafetensors read it, and readSafetensors in Node',
  },
};

const others: readonly Kind[] = [
  { start: /^\x89HDF\r\n\x1a\n/, what: 'an HDF5 file (.h5), as Keras saves weights' },
  { start: /^(GGUF|lmgg|fmgg|tjgg)/, what: 'a model of llama.cpp (.gguf)' },
  { start: /^.{4}TFL3/s, what: 'a model of TensorFlow Lite (.tflite)' },
  // No signature: the format's version, and then the name of what made it, the version of its operators, or its graph.
  {
    start: /^\x08[\x01-\x20](\x12[\x01-\x3f][\w.-]|B[\x02-\x3f][\x08\n\x10]|:.{1,4}[\n\x12])/s,
    what: 'a model of ONNX (.onnx)',
  },
  // A map whose first key is text.
  {
    start: /^([\x81-\x8f]|\xde..)([\xa1-\xbf]|\xd9.)[\w/.-]/s,
    what: 'a msgpack file, as Flax saves weights',
  },
  { start: /^PAR1/, what: 'a Parquet file' },
  { start: /^ARROW1/, what: 'an Arrow file' },
  { start: /^MATLAB 5\.0/, what: 'a file of MATLAB (.mat)' },
  { start: /^.{257}ustar/s, what: 'a tar archive, to be unpacked first' },
  { start: /^7z\xbc\xaf'\x1c/, what: 'a 7z archive, to be unpacked first' },
  { start: /^\x1f\x8b/, what: 'compressed by gzip, to be unpacked first' },
  { start: /^BZh[1-9]1AY/, what: 'compressed by bzip2, to be unpacked first' },
  { start: /^\xfd7zXZ\0/, what: 'compressed by xz, to be unpacked first' },
  { start: /^\x28\xb5\x2f\xfd/, what: 'compressed by Zstandard, to be unpacked first' },
  {
    start: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS, which `git lfs pull` replaces by the file',
  },
  {
    start: /^(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|!--|\?xml)/i,
    what: 'a web page, HTML or XML',
  },
  {
    start: /^(\xef\xbb\xbf)?\s*(\{\s*["}]|\[\s*["{\]\d-])/,
    what: 'JSON, such as the index of a checkpoint in parts',
  },
];

/**
 * Protocols 2 to 5 have a signature. 0 and 1 begin with a dictionary, a list or an object, which may be the first of a tuple; with a tuple of
 * numbers or texts; or, those of PyTorch, with a large number.
 */
const pickle =
  /^(\x80[\x02-\x05]|\(?(\([dl]p\d+\n|[}\]]q\0|c[\w.]+\n\w+\n(p\d+\n|q\0|[()]))|\(([IL]-?\d+L?\n|F[\d.e+-]+\n|V[^\n]*\np\d+\n|K.[KMJXG]|X..\0\0)|L\d+L\n)/s;

/** The name of a tar archive's format is what stands last. */
const startBytes = 262;

/**
 * What is wrong with a file that is of another kind than it must be.
 *
 * @param file its first bytes, or all.
 * @returns nothing where it is of the right kind, or of none that is known.
 */
export function otherKind(
  file: Uint8Array,
  wanted: keyof typeof ours,
): CheckpointError | undefined {
  const start = String.fromCharCode(...file.subarray(0, startBytes));
  if (ours[wanted].start.test(start)) return undefined;
  if (pickle.test(start)) return pickled();
  const kinds: readonly Kind[] = [...Object.values(ours), ...others];
  const kind = kinds.find((known) => known.start.test(start));
  if (kind === undefined) return undefined;
  const needed = wanted === 'npz' ? 'an .npz file' : ours[wanted].what;
  const hint = kind.readBy === undefined ? '' : `; ${kind.readBy}`;
  return new CheckpointError(`the file is ${kind.what}; it must be ${needed}${hint}`);
}

/** Runs `read`; where that fails and the file is of another kind than it must be, that is the error. */
export async function asKind<T>(
  wanted: keyof typeof ours,
  source: ByteSource,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    // Only now: behind HTTP each read is a request.
    throw otherKind(await source.read(0, Math.min(startBytes, source.size)), wanted) ?? error;
  }
}

/** What is wrong with a file that is a pickle, or has one in it. */
export function pickled(): CheckpointError {
  return new CheckpointError(
    'the file is pickled, as PyTorch saves its checkpoints (.pth, .pt, .bin), which can run any code: save its tensors as safetensors',
  );
}

/** Whether a member of a ZIP file is that by which PyTorch saves. */
export const isPickled = (member: string): boolean => /(^|\/)data\.pkl$/.test(member);
