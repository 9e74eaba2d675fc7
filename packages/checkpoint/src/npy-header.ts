import { CheckpointError } from './checkpoint-error.ts';
import { type Format, formats } from './formats.ts';
import { isShape } from './named-array.ts';
import { UnreadableContent } from './unreadable-content.ts';

/** What the header of an .npy file says about its data. */
export interface NpyHeader {
  readonly format: Format;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Bytes of an .npy file before the length of its header. */
export const npyPrefixBytes = 8;

/** NumPy's own limit on the header of a file that is not trusted. */
const maxHeaderBytes = 10_000;
/** NumPy's own limit. */
const maxRank = 64;
const magic = '\x93NUMPY';

/** NumPy's codes of our formats, which may have a byte order before them, and its names, which have none. It writes the first code. */
const types: readonly (readonly [format: string, codes: string, names?: string])[] = [
  ['F64', 'f8 d', 'float64 double float'],
  ['F32', 'f4 f', 'float32 single'],
  ['F16', 'f2 e', 'float16 half'],
  ['I64', 'i8 q', 'int64 longlong'],
  ['I32', 'i4 i', 'int32 intc'],
  ['I16', 'i2 h', 'int16 short'],
  ['I8', 'i1 b', 'int8 byte'],
  ['U64', 'u8 Q', 'uint64 ulonglong'],
  ['U32', 'u4 I', 'uint32 uintc'],
  ['U16', 'u2 H', 'uint16 ushort'],
  ['U8', 'u1 B', 'uint8 ubyte'],
  ['BOOL', 'b1 ?', 'bool bool_'],
  ['BF16', 'V2'],
];

/** @param content its first bytes, or all. */
export function beginsAsNpy(content: Uint8Array): boolean {
  return String.fromCharCode(...content.subarray(0, magic.length)) === magic;
}

/**
 * How many bytes the length of the header has, in versions 1.0, 2.0 and 3.0 of the format.
 *
 * @param prefix the first `npyPrefixBytes` of the file.
 * @throws UnreadableContent when these are not the bytes of an .npy file.
 */
export function npyLengthBytes(prefix: Uint8Array): 2 | 4 {
  if (!beginsAsNpy(prefix)) {
    throw new UnreadableContent('its content does not begin as an .npy file');
  }
  const [major = 0, minor = 0] = prefix.subarray(magic.length);
  if (major < 1 || major > 3 || minor !== 0) {
    throw new UnreadableContent(
      `its .npy version was ${major}.${minor}; it must be 1.0, 2.0 or 3.0`,
    );
  }
  return major === 1 ? 2 : 4;
}

/** @throws UnreadableContent when a header is longer than NumPy would read. */
export function checkNpyHeaderBytes(bytes: number): void {
  if (bytes > maxHeaderBytes) {
    throw new UnreadableContent(
      `its .npy header has ${bytes} bytes; it must have at most ${maxHeaderBytes}`,
    );
  }
}

/**
 * Reads the text of an .npy header, a Python literal such as
 * `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
 *
 * @param voidAsBfloat16 takes elements of two raw bytes as bfloat16.
 * @throws UnreadableContent when it is another text, or an element type that is not read; CheckpointError for a wrong shape or order.
 */
export function parseNpyHeader(bytes: Uint8Array, voidAsBfloat16: boolean): NpyHeader {
  const { descr, fortran_order: fortranOrder, shape } = parseDictionary(bytes);
  const dimensions = shape === undefined ? undefined : parseTuple(shape);
  if (dimensions === undefined) {
    throw new CheckpointError(
      `its shape was ${quote(shape)}; it must be a tuple of at most ${maxRank} sizes >= 0`,
    );
  }
  if (fortranOrder !== 'True' && fortranOrder !== 'False') {
    throw new CheckpointError(`its fortran_order was ${quote(fortranOrder)}; it must be a bool`);
  }
  return {
    ...parseDescr(descr, voidAsBfloat16),
    fortranOrder: fortranOrder === 'True',
    shape: dimensions,
  };
}

const keys = ['descr', 'fortran_order', 'shape'];

/** The source text of each value. */
function parseDictionary(bytes: Uint8Array): Record<string, string> {
  const text = new TextDecoder().decode(bytes);
  const fail = (): never => {
    throw new UnreadableContent(`its .npy header is not a dictionary of ${keys.join(', ')}`);
  };
  const body = /^[ \t]*\{(.*)\}\s*$/s.exec(text)?.[1] ?? fail();
  const fields: Record<string, string> = {};
  // A list, that is a record type, goes up to its last bracket.
  const field =
    /\s*u?(['"])(\w+)\1\s*:\s*(u?'[^']*'|u?"[^"]*"|\[.*\]|\((?:[^()]|\([^()]*\))*\)|\w+)\s*(?:,\s*|$)/sy;
  while (field.lastIndex < body.length) {
    const [, , key = fail(), value = fail()] = field.exec(body) ?? fail();
    if (!keys.includes(key) || key in fields) fail();
    fields[key] = value;
  }
  return Object.keys(fields).length === keys.length ? fields : fail();
}

function parseTuple(text: string): number[] | undefined {
  // Python 2 wrote 3L.
  if (!/^\(\s*(?:\d+L?\s*,\s*)*(?:\d+L?\s*)?\)$/.test(text)) return undefined;
  // (3) is a number in Python, not a tuple.
  if (/^\(\s*\d+L?\s*\)$/.test(text)) return undefined;
  const sizes = Array.from(text.matchAll(/\d+/g), ([digits]) => Number(digits));
  return isShape(sizes) && sizes.length <= maxRank ? sizes : undefined;
}

function parseDescr(
  text: string | undefined,
  voidAsBfloat16: boolean,
): Pick<NpyHeader, 'format' | 'littleEndian'> {
  const [, , order, type = ''] = /^u?(['"])([<>=|]?)(\w+|\?)\1$/.exec(text ?? '') ?? [];
  if (type === 'O') {
    throw new UnreadableContent('its elements are pickled Python objects, which can run any code');
  }
  const [code] =
    types.find(
      ([, codes, names = '']) =>
        codes.split(' ').includes(type) || (order === '' && names.split(' ').includes(type)),
    ) ?? [];
  if (code === 'BF16' && !voidAsBfloat16) {
    throw new UnreadableContent(
      'its elements are two raw bytes each (V2); voidAsBfloat16 reads them as bfloat16',
    );
  }
  const format = formats.find((known) => known.code === code);
  if (format === undefined) {
    const known = types.map(([, codes]) => codes.split(' ')[0]).join(', ');
    throw new UnreadableContent(
      `its dtype was ${quote(text)}; it must be one of ${known} with its byte order`,
    );
  }
  // NumPy takes the order of the machine where there is none.
  return { format, littleEndian: order !== '>' };
}

function quote(text: string | undefined): string {
  return text !== undefined && text.length > 60 ? `${text.slice(0, 60)}...` : `${text}`;
}
