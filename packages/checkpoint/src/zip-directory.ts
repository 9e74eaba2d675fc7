import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { findDirectory } from './zip-end.ts';
import { withZip64, ZipFields } from './zip-fields.ts';

/** A member of a ZIP file, as the central directory has it. */
export interface ZipEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  /** Bytes in the file. */
  readonly compressedSize: number;
  /** Bytes once inflated, as the file declares them. */
  readonly size: number;
  /** Where the member's own header begins. */
  readonly start: number;
  /** Where its data must have ended: the next member, or the directory. */
  readonly limit: number;
}

/** A member's method: its bytes as they are. */
export const stored = 0;
/** A member's method: a deflate stream without a wrapper (RFC 1951). */
export const deflated = 8;

const entrySignature = 0x02014b50;
const entryBytes = 46;
/** Bytes of a member's own header, before its name. */
export const localHeaderBytes = 30;
/** Of a member's flags, those that say that it is encrypted. */
export const encryptionFlags = 0x2041;
const utf8Flag = 0x800;
/** Its upper half. */
const codePage437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';
/** 256 000 members with names of ordinary length. */
const maxDirectoryBytes = 1 << 24;
/** A deflate stream makes at most 258 bytes of 2 bits. */
const maxDeflateRatio = 1032;

/**
 * Reads the central directory of a ZIP file, and checks all that it says about its members.
 *
 * @returns the members in the directory's order.
 * @throws CheckpointError when the file is not a ZIP file, or a member's name, size or place is one that it
 * cannot have.
 */
export async function readZipDirectory(source: ByteSource): Promise<ZipEntry[]> {
  const { start, end, count } = await findDirectory(source);
  if (end - start > maxDirectoryBytes) {
    throw new CheckpointError(
      `the ZIP directory has ${end - start} bytes; it must have at most ${maxDirectoryBytes}`,
    );
  }
  const directory = await source.read(start, end);
  const entries: Omit<ZipEntry, 'limit'>[] = [];
  const names = new Set<string>();
  for (let at = 0; at < directory.length; ) {
    const { entry, next } = readEntry(directory, at);
    checkEntry(entry);
    if (names.has(entry.name)) {
      throw new CheckpointError(`the ZIP file has the name ${JSON.stringify(entry.name)} twice`);
    }
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  if (entries.length !== count) {
    throw new CheckpointError(
      `the ZIP directory has ${entries.length} members; the end record says ${count}`,
    );
  }
  return withLimits(entries, start);
}

function readEntry(
  directory: Uint8Array,
  at: number,
): { entry: Omit<ZipEntry, 'limit'>; next: number } {
  const record = new ZipFields(directory.subarray(at));
  const nameStart = at + entryBytes;
  if (nameStart > directory.length || record.u32(0) !== entrySignature) {
    throw new CheckpointError(`the ZIP directory has no entry at its byte ${at}`);
  }
  const extraStart = nameStart + record.u16(28);
  const commentStart = extraStart + record.u16(30);
  const next = commentStart + record.u16(32);
  if (next > directory.length) {
    throw new CheckpointError(`the ZIP directory's entry at its byte ${at} is cut off`);
  }
  const nameBytes = directory.subarray(nameStart, extraStart);
  const [flags, method, crc] = [record.u16(8), record.u16(10), record.u32(16)];
  const name = decodeName(nameBytes, flags);
  const what = `member ${JSON.stringify(name)}`;
  if (record.u16(34) !== 0) throw new CheckpointError(`${what} is in another part of the ZIP file`);
  const [size = 0, compressedSize = 0, start = 0] = withZip64(
    [record.u32(24), record.u32(20), record.u32(42)],
    directory.subarray(extraStart, commentStart),
    what,
  );
  return { entry: { name, nameBytes, flags, method, crc, compressedSize, size, start }, next };
}

/** UTF-8; where it is not, and does not say that it is, the code page of the first PCs, as for Python: Windows writes such names. */
function decodeName(bytes: Uint8Array, flags: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (flags & utf8Flag) {
      throw new CheckpointError('the ZIP file has a name that is not UTF-8', { cause: error });
    }
    const letters = Array.from(
      bytes,
      (byte) => codePage437[byte - 0x80] ?? String.fromCharCode(byte),
    );
    return letters.join('');
  }
}

function checkEntry({ name, flags, method, compressedSize, size }: Omit<ZipEntry, 'limit'>): void {
  const what = `member ${JSON.stringify(name)}`;
  if (isPathTrick(name)) {
    throw new CheckpointError(`${what} has a name that leads out of a folder`);
  }
  // Others are read by nobody here.
  if (flags & encryptionFlags || !(method === stored || method === deflated)) return;
  if (method === stored ? size !== compressedSize : size > compressedSize * maxDeflateRatio) {
    throw new CheckpointError(
      `${what} is said to have ${size} bytes, which its ${compressedSize} in the file cannot give`,
    );
  }
}

/**
 * We write no files by these names, but whoever reads them may. What stays within a folder, such as `./a` and `a//b`, is taken as NumPy
 * takes it.
 */
function isPathTrick(name: string): boolean {
  let depth = 0;
  const leadsOut = name.split(/[/\\]/).some((part) => {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    return depth < 0;
  });
  return leadsOut || name === '' || /^([/\\]|[a-z]:[/\\])|\p{Cc}/iu.test(name);
}

function withLimits(
  entries: readonly Omit<ZipEntry, 'limit'>[],
  directoryStart: number,
): ZipEntry[] {
  const limits = new Map<number, number>();
  let limit = directoryStart;
  for (const { name, nameBytes, start, compressedSize } of entries.toSorted(
    (a, b) => b.start - a.start,
  )) {
    if (start + localHeaderBytes + nameBytes.length + compressedSize > limit) {
      throw new CheckpointError(
        `member ${JSON.stringify(name)} at byte ${start} overlaps what begins at ${limit}`,
      );
    }
    limits.set(start, limit);
    limit = start;
  }
  return entries.map((entry) => ({ ...entry, limit: limits.get(entry.start) ?? directoryStart }));
}
