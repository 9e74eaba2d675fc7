import { CheckpointError } from './checkpoint-error.ts';
import { type Format, formats } from './formats.ts';
import { maxHeaderBytes } from './max-header-bytes.ts';
import { isShape, shapeSize } from './named-array.ts';
import { type Parsed, parseJson } from './parse-json.ts';

/** A tensor of a safetensors file. */
export interface Entry {
  readonly name: string;
  readonly format: Format;
  readonly shape: readonly number[];
  /** Range of bytes in the data. */
  readonly start: number;
  readonly end: number;
}

/** What a safetensors file says of itself. */
export interface Header {
  readonly entries: readonly Entry[];
  /** The formats of tensors that cannot be read, as the file names them. */
  readonly unreadable: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of the field that comes first, the length of the header. */
export const lengthBytes = 8;

/**
 * Where the data begins, by the first 8 bytes of a file.
 *
 * @throws CheckpointError when the file is too small for its header, or the header too large.
 */
export function dataStartOf(first: Uint8Array, fileBytes: number): number {
  if (first.length < lengthBytes) {
    throw new CheckpointError(`the file has ${fileBytes} bytes; a safetensors file has at least 8`);
  }
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > maxHeaderBytes) {
    throw new CheckpointError(
      `the file is no safetensors file: its first 8 bytes would be the length of its header, ${headerBytes}; it must be at most ${maxHeaderBytes}`,
    );
  }
  if (headerBytes > fileBytes - lengthBytes) {
    throw new CheckpointError(
      `the header's length is given as ${headerBytes} bytes; the file has ${fileBytes - lengthBytes} after it`,
    );
  }
  return lengthBytes + Number(headerBytes);
}

/**
 * @param bytes the header. @param dataBytes what comes after it.
 * @throws CheckpointError naming the field that is wrong, also unless every byte of the data belongs to exactly one tensor.
 */
export function readHeader(bytes: Uint8Array, dataBytes: number): Header {
  const { __metadata__: metadata, ...fields } = parseHeader(bytes);
  const texts = checkMetadata(metadata);
  const all = Object.entries(fields).map(([name, field]) => checkEntry(name, field, dataBytes));
  checkCoverage(all, dataBytes);
  const unreadable = all.flatMap(({ name, code, format }) => (format ? [] : [[name, code]]));
  return {
    entries: all.flatMap(({ code, format, ...entry }) => (format ? [{ ...entry, format }] : [])),
    unreadable: Object.fromEntries(unreadable),
    metadata: texts,
  };
}

/** The tensors of these names, or all that can be read. @throws CheckpointError naming the first that is not there, or whose format is unknown. */
export function pickEntries(
  { entries, unreadable }: Header,
  names: readonly string[] | undefined,
): readonly Entry[] {
  if (names === undefined) return entries;
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  return names.map((name) => entryOf(named, unreadable, name));
}

/** @throws CheckpointError where there is no tensor of this name that can be read. */
export function entryOf(
  named: ReadonlyMap<string, Entry>,
  unreadable: Header['unreadable'],
  name: string,
): Entry {
  const entry = named.get(name);
  if (entry !== undefined) return entry;
  const what = JSON.stringify(name);
  if (!Object.hasOwn(unreadable, name)) throw new CheckpointError(`the file has no array ${what}`);
  const known = formats.map(({ code }) => code).join(', ');
  throw new CheckpointError(
    `tensor ${what}: dtype was ${JSON.stringify(unreadable[name])}; it must be one of ${known}`,
  );
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  // The reference reader takes what JSON takes.
  if (bytes.find((byte) => !' \t\n\r'.includes(String.fromCharCode(byte))) !== 0x7b) {
    throw new CheckpointError('the header does not begin with "{"');
  }
  let header: Parsed;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new CheckpointError('the header is not JSON in UTF-8', { cause: error });
  }
  if (header.twice !== undefined) {
    throw new CheckpointError(`the header has the name ${JSON.stringify(header.twice)} twice`);
  }
  return header.value as Record<string, unknown>;
}

/** An entry whose format may be unknown. */
interface AnyEntry extends Omit<Entry, 'format'> {
  readonly code: string;
  readonly format: Format | undefined;
}

function checkEntry(name: string, field: unknown, dataBytes: number): AnyEntry {
  const fail = (what: string): never => {
    throw new CheckpointError(`tensor ${JSON.stringify(name)}: ${what}`);
  };
  if (!isObject(field)) return fail('its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = field;
  if (typeof dtype !== 'string') {
    return fail(`dtype was ${JSON.stringify(dtype)}; it must be the name of a format`);
  }
  const format = formats.find(({ code }) => code === dtype);
  if (!isShape(shape)) return fail(`shape was ${JSON.stringify(shape)}; it must be sizes >= 0`);
  if (!isShape(offsets) || offsets.length !== 2) {
    return fail(`data_offsets was ${JSON.stringify(offsets)}; it must be two offsets >= 0`);
  }
  const [start = 0, end = 0] = offsets;
  if (start > end || end > dataBytes) {
    return fail(`data_offsets [${start}, ${end}] lie outside the ${dataBytes} bytes of data`);
  }
  if (format !== undefined && shapeSize(shape) * format.bytes !== end - start) {
    return fail(`shape [${shape}] of ${dtype} does not fill its ${end - start} bytes`);
  }
  return { name, code: dtype, format, shape, start, end };
}

function checkCoverage(entries: readonly AnyEntry[], dataBytes: number): void {
  let at = 0;
  for (const { name, start, end } of entries.toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== at) {
      const what = start < at ? 'overlaps another tensor' : 'leaves a gap before it';
      throw new CheckpointError(`tensor ${JSON.stringify(name)} at byte ${start} ${what}`);
    }
    at = end;
  }
  if (at !== dataBytes) {
    throw new CheckpointError(`the data has ${dataBytes} bytes; its tensors fill ${at}`);
  }
}

function checkMetadata(metadata: unknown): Record<string, string> {
  // The reference reader takes null, too.
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === 'string')) {
    throw new CheckpointError('__metadata__ must map names to strings');
  }
  return metadata as Record<string, string>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
