import { CheckpointError } from './checkpoint-error.ts';
import { described } from './described.ts';
import { formats } from './formats.ts';
import { maxHeaderBytes } from './max-header-bytes.ts';
import {
  type DType,
  isShape,
  type NamedArray,
  type SlicedArray,
  shapeSize,
} from './named-array.ts';

/** A file that is about to be written. */
export interface Layout<A> {
  /** Its bytes up to the data. */
  readonly head: Uint8Array;
  /** The arrays in the order of their data, which lie one right after the other. */
  readonly arrays: readonly (A & { readonly name: string })[];
  readonly dataBytes: number;
}

/**
 * Where the reference implementation puts arrays: the widest elements first, then by name in UTF-8, the data beginning at a
 * multiple of 8.
 *
 * @throws CheckpointError naming the array or the metadata that cannot be written, TypeError for what holds no arrays or metadata.
 */
export function layoutOf<A extends NamedArray | SlicedArray>(
  tensors: Readonly<Record<string, A>>,
  metadata: Readonly<Record<string, string>>,
): Layout<A> {
  const arrays = checkedEntries(tensors)
    .map(([name, array]) => ({ name, ...array, rank: checkArray(name, array) }))
    .sort((a, b) => a.rank - b.rank || compare(a.name, b.name));
  const fields = [];
  if (!isObject(metadata)) {
    throw new TypeError(`metadata was ${described(metadata)}; it must be an object of texts`);
  }
  const texts = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  for (const [name, text] of texts) {
    if (typeof text !== 'string') {
      throw new CheckpointError(`metadata "${name}" was ${String(text)}; it must be a string`);
    }
    const what = `metadata ${JSON.stringify(name)}`;
    checkText(what, name);
    checkText(what, text);
  }
  if (texts.length > 0) fields.push(jsonField('__metadata__', jsonObject(texts.map(textField))));
  let end = 0;
  for (const { name, rank, shape } of arrays) {
    const start = end;
    const format = formats[rank];
    end += shapeSize(shape) * (format?.bytes ?? 0);
    if (!Number.isSafeInteger(end)) {
      throw new CheckpointError(
        `tensor ${JSON.stringify(name)} of shape [${shape}] makes the file larger than 2^53 bytes`,
      );
    }
    const entry = { dtype: format?.code, shape, data_offsets: [start, end] };
    fields.push(jsonField(name, JSON.stringify(entry)));
  }
  const header = new TextEncoder().encode(jsonObject(fields));
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > maxHeaderBytes) {
    throw new CheckpointError(
      `the header would have ${headerBytes} bytes; it must have at most ${maxHeaderBytes}`,
    );
  }
  const head = new Uint8Array(8 + headerBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(header, 8);
  return { head, arrays, dataBytes: end };
}

/** What is to be written, by name. @throws TypeError for what holds no arrays, CheckpointError naming what is none. */
export function checkedEntries<A>(tensors: Readonly<Record<string, A>>): [string, A & object][] {
  if (!isObject(tensors)) {
    throw new TypeError(`tensors was ${described(tensors)}; it must be an object of arrays`);
  }
  return Object.entries(tensors).map(([name, array]) => {
    if (isObject(array)) return [name, array];
    throw new CheckpointError(
      `tensor ${JSON.stringify(name)} was ${described(array)}; it must be { dtype, shape, data }`,
    );
  });
}

function isObject<T>(value: T): value is T & object {
  return typeof value === 'object' && value !== null;
}

/** The index of the array's format. */
function checkArray(name: string, given: NamedArray | SlicedArray): number {
  const { dtype, shape } = given;
  if (name === '__metadata__') {
    throw new CheckpointError('a tensor was named "__metadata__"; that name is the header\'s own');
  }
  const what = `tensor ${JSON.stringify(name)}`;
  checkText(what, name);
  // Formats that are only read have no dtype: one that lacks its own is none of them.
  const rank = formats.findIndex((format) => format.dtype && format.dtype === dtype);
  if (rank < 0) {
    const known = formats.flatMap((format) => format.dtype ?? []).join(', ');
    throw new CheckpointError(
      `${what} has dtype ${JSON.stringify(dtype)}; it must be one of ${known}`,
    );
  }
  if (!('slices' in given)) checkClass(name, dtype, given.data);
  else if (!isIterable(given.slices)) {
    throw new CheckpointError(
      `${what} has slices that were ${described(given.slices)}; they must be an iterable of typed arrays`,
    );
  }
  if (!isShape(shape)) {
    throw new CheckpointError(`${what} has shape ${JSON.stringify(shape)}; it must be sizes >= 0`);
  }
  if (!('slices' in given) && given.data.length !== shapeSize(shape)) {
    throw new CheckpointError(
      `${what} has ${given.data.length} elements; its shape [${shape}] needs ${shapeSize(shape)}`,
    );
  }
  return rank;
}

function isIterable(value: unknown): boolean {
  return isObject(value) && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** @throws CheckpointError where the elements are not of the class for their type. */
export function checkClass(name: string, dtype: DType, data: unknown): void {
  const array = formats.find((format) => format.dtype === dtype)?.array;
  // Not instanceof: arrays may come from another realm.
  const given = Object.prototype.toString.call(data).slice('[object '.length, -1);
  if (given === array) return;
  throw new CheckpointError(
    `tensor ${JSON.stringify(name)} of dtype ${dtype} holds ${given}; it must hold ${array}`,
  );
}

/** The reference implementation neither writes nor reads such text. */
function checkText(what: string, text: string): void {
  // In a pattern with the flag u, a surrogate matches only where its other half is missing.
  if (/\p{Surrogate}/u.test(text)) {
    throw new CheckpointError(`${what} has half a surrogate pair, which UTF-8 cannot hold`);
  }
}

/** Compares by code points, which is the order of the bytes in UTF-8; `<` goes by UTF-16. */
function compare(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

// Not JSON.stringify of a whole object: that would put names that are integers first.
function jsonObject(fields: readonly string[]): string {
  return `{${fields.join(',')}}`;
}

function jsonField(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function textField([name, text]: readonly [string, string]): string {
  return jsonField(name, JSON.stringify(text));
}
