import { CheckpointError } from './checkpoint-error.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts';
import { type DType, type NamedArray, shapeSize } from './named-array.ts';

/** Named arrays and the free text entries beside them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Format {
  /** The name in the file. */
  readonly code: string;
  readonly bytes: number;
  /** `buffer` holds exactly the array's bytes, aligned. */
  readonly read: (buffer: ArrayBuffer, shape: readonly number[]) => NamedArray;
}

const formats: readonly Format[] = [
  { code: 'F64', bytes: 8, read: (b, shape) => ({ dtype: 'float64', shape, data: new Float64Array(b) }) },
  { code: 'F32', bytes: 4, read: (b, shape) => ({ dtype: 'float32', shape, data: new Float32Array(b) }) },
  { code: 'F16', bytes: 2, read: (b, shape) => ({ dtype: 'float32', shape, data: float16ToFloat32(new Uint16Array(b)) }) },
  { code: 'BF16', bytes: 2, read: (b, shape) => ({ dtype: 'float32', shape, data: bfloat16ToFloat32(new Uint16Array(b)) }) },
  { code: 'I64', bytes: 8, read: (b, shape) => ({ dtype: 'int64', shape, data: new BigInt64Array(b) }) },
  { code: 'I32', bytes: 4, read: (b, shape) => ({ dtype: 'int32', shape, data: new Int32Array(b) }) },
  { code: 'I16', bytes: 2, read: (b, shape) => ({ dtype: 'int16', shape, data: new Int16Array(b) }) },
  { code: 'I8', bytes: 1, read: (b, shape) => ({ dtype: 'int8', shape, data: new Int8Array(b) }) },
  { code: 'U32', bytes: 4, read: (b, shape) => ({ dtype: 'uint32', shape, data: new Uint32Array(b) }) },
  { code: 'U16', bytes: 2, read: (b, shape) => ({ dtype: 'uint16', shape, data: new Uint16Array(b) }) },
  { code: 'U8', bytes: 1, read: (b, shape) => ({ dtype: 'uint8', shape, data: new Uint8Array(b) }) },
  { code: 'BOOL', bytes: 1, read: (b, shape) => ({ dtype: 'bool', shape, data: new Uint8Array(b) }) },
];

const codes: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

/** The reference implementation's own limit on the header. */
const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;

/**
 * The bytes of a safetensors file. The same arrays and metadata give the same bytes: names are sorted and
 * the data begins at a multiple of 8.
 *
 * @throws CheckpointError when an array's length is not its shape's product.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const meta = Object.entries(metadata).sort(byName);
  // fromEntries defines own properties, so that a key like __proto__ stays a key.
  if (meta.length > 0) header['__metadata__'] = Object.fromEntries(meta);
  const parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  // Widest elements first keep every array aligned without padding between arrays.
  const entries = Object.entries(tensors).sort(
    (a, b) => b[1].data.BYTES_PER_ELEMENT - a[1].data.BYTES_PER_ELEMENT || byName(a, b),
  );
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === '__metadata__') {
      throw new CheckpointError('a tensor was named "__metadata__"; that name is the header\'s own');
    }
    if (data.length !== shapeSize(shape)) {
      throw new CheckpointError(
        `tensor "${name}" has ${data.length} elements; its shape [${shape}] needs ${shapeSize(shape)}`,
      );
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    parts.push({ offset: end, bytes });
    Object.defineProperty(header, name, {
      enumerable: true,
      value: { dtype: codes[dtype], shape, data_offsets: [end, end + bytes.length] },
    });
    end += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(lengthBytes + headerBytes + end).fill(
    0x20,
    lengthBytes,
    lengthBytes + headerBytes,
  );
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, lengthBytes);
  for (const { offset, bytes } of parts) file.set(bytes, lengthBytes + headerBytes + offset);
  return file;
}

/**
 * Reads a safetensors file. Every range is checked before anything is allocated for it; the arrays are
 * copies. F16 and BF16 become float32.
 *
 * @throws CheckpointError naming the field that is wrong.
 */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  if (file.length < lengthBytes) {
    throw new CheckpointError(`the file has ${file.length} bytes; a safetensors file has at least 8`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes || headerBytes > file.length - lengthBytes) {
    throw new CheckpointError(
      `the header's length is given as ${headerBytes} bytes; the file has ${file.length - lengthBytes} after it`,
    );
  }
  const body = file.subarray(lengthBytes + headerBytes);
  const header = parseHeader(file.subarray(lengthBytes, lengthBytes + headerBytes));
  const spans: { name: string; start: number; end: number }[] = [];
  const tensors: [string, NamedArray][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { format, shape, start, end } = checkEntry(name, entry, body.length);
    spans.push({ name, start, end });
    tensors.push([name, format.read(body.slice(start, end).buffer as ArrayBuffer, shape)]);
  }
  checkCoverage(spans, body.length);
  return {
    tensors: Object.fromEntries(tensors),
    metadata: checkMetadata(header['__metadata__']),
  };
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new CheckpointError('the header is not JSON');
  }
  if (!isObject(header)) throw new CheckpointError('the header is not a JSON object');
  return header;
}

function checkEntry(
  name: string,
  entry: unknown,
  bodyBytes: number,
): { format: Format; shape: readonly number[]; start: number; end: number } {
  const fail = (what: string): never => {
    throw new CheckpointError(`tensor ${JSON.stringify(name)}: ${what}`);
  };
  if (!isObject(entry)) return fail('its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  const format = formats.find(({ code }) => code === dtype);
  if (format === undefined) {
    const known = formats.map(({ code }) => code).join(', ');
    return fail(`dtype was ${JSON.stringify(dtype)}; it must be one of ${known}`);
  }
  if (!isSizes(shape)) return fail(`shape was ${JSON.stringify(shape)}; it must be sizes >= 0`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    return fail(`data_offsets was ${JSON.stringify(offsets)}; it must be two offsets`);
  }
  const [start = 0, end = 0] = offsets;
  if (start > end || end > bodyBytes) {
    return fail(`data_offsets [${start}, ${end}] lie outside the ${bodyBytes} bytes of data`);
  }
  if (shapeSize(shape) * format.bytes !== end - start) {
    return fail(`shape [${shape}] of ${format.code} does not fill its ${end - start} bytes`);
  }
  return { format, shape, start, end };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function checkCoverage(
  spans: readonly { name: string; start: number; end: number }[],
  bodyBytes: number,
): void {
  let at = 0;
  for (const { name, start, end } of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at) {
      const what = start < at ? 'overlaps another tensor' : 'leaves a gap before it';
      throw new CheckpointError(`tensor ${JSON.stringify(name)} at byte ${start} ${what}`);
    }
    at = end;
  }
  if (at !== bodyBytes) {
    throw new CheckpointError(`the data has ${bodyBytes} bytes; its tensors fill ${at}`);
  }
}

function checkMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new CheckpointError('__metadata__ must map names to strings');
  }
  return Object.fromEntries(Object.entries(metadata as Record<string, string>));
}
