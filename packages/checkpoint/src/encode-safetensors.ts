import { swapToHostOrder } from './byte-order.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { formats } from './formats.ts';
import { maxHeaderBytes } from './max-header-bytes.ts';
import { isShape, type NamedArray, shapeSize } from './named-array.ts';

/**
 * The bytes of a safetensors file, as the reference implementation writes them: widest elements first, then
 * by name in UTF-8, the data beginning at a multiple of 8. The same arrays and metadata in any order give
 * the same bytes.
 *
 * @throws CheckpointError naming the array or the metadata that cannot be written.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const arrays = Object.entries(tensors)
    .map(([name, array]) => ({ name, ...array, rank: checkArray(name, array) }))
    .sort((a, b) => a.rank - b.rank || compare(a.name, b.name));
  const fields = [];
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
  for (const { name, rank, shape, data } of arrays) {
    const start = end;
    end += data.byteLength;
    const entry = { dtype: formats[rank]?.code, shape, data_offsets: [start, end] };
    fields.push(jsonField(name, JSON.stringify(entry)));
  }
  const header = new TextEncoder().encode(jsonObject(fields));
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > maxHeaderBytes) {
    throw new CheckpointError(
      `the header would have ${headerBytes} bytes; it must have at most ${maxHeaderBytes}`,
    );
  }
  const dataStart = 8 + headerBytes;
  const file = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, 8);
  let at = dataStart;
  for (const { data } of arrays) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    swapToHostOrder(file.subarray(at, at + data.byteLength), data.BYTES_PER_ELEMENT);
    at += data.byteLength;
  }
  return file;
}

/** The index of the array's format. */
function checkArray(name: string, { dtype, shape, data }: NamedArray): number {
  if (name === '__metadata__') {
    throw new CheckpointError('a tensor was named "__metadata__"; that name is the header\'s own');
  }
  const what = `tensor ${JSON.stringify(name)}`;
  checkText(what, name);
  const rank = formats.findIndex((format) => format.dtype === dtype);
  const array = formats[rank]?.array;
  if (array === undefined) {
    const known = formats.flatMap((format) => format.dtype ?? []).join(', ');
    throw new CheckpointError(
      `${what} has dtype ${JSON.stringify(dtype)}; it must be one of ${known}`,
    );
  }
  // Not instanceof: arrays may come from another realm.
  const given = data[Symbol.toStringTag];
  if (given !== array) {
    throw new CheckpointError(`${what} of dtype ${dtype} holds ${given}; it must hold ${array}`);
  }
  if (!isShape(shape)) {
    throw new CheckpointError(`${what} has shape ${JSON.stringify(shape)}; it must be sizes >= 0`);
  }
  if (data.length !== shapeSize(shape)) {
    throw new CheckpointError(
      `${what} has ${data.length} elements; its shape [${shape}] needs ${shapeSize(shape)}`,
    );
  }
  return rank;
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
