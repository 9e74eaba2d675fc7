import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { inZip64, ZipFields } from './zip-fields.ts';

/** Where a ZIP file's central directory is. */
export interface DirectoryRange {
  readonly start: number;
  readonly end: number;
  /** Number of members. */
  readonly count: number;
}

const endSignature = 0x06054b50;
const endBytes = 22;
const locatorSignature = 0x07064b50;
const locatorBytes = 20;
const end64Signature = 0x06064b50;
const end64Bytes = 56;
const maxCommentBytes = 0xffff;

/**
 * Finds the central directory from the records at the end of the file (APPNOTE 6.3.10, 4.3.14 to 4.3.16).
 *
 * @throws CheckpointError when they are missing, disagree, or the directory does not end where they begin.
 */
export async function findDirectory(source: ByteSource): Promise<DirectoryRange> {
  const tailStart = Math.max(0, source.size - locatorBytes - endBytes - maxCommentBytes);
  const tail = await source.read(tailStart, source.size);
  const at = findEnd(tail);
  const end = new ZipFields(tail.subarray(at));
  checkDisks(end.u16(4), end.u16(6));
  let count = end.u16(10);
  let bytes = end.u32(12);
  let start = end.u32(16);
  let directoryEnd = tailStart + at;
  let count64 = end.u16(8);
  const locator = at < locatorBytes ? undefined : new ZipFields(tail.subarray(at - locatorBytes));
  if (locator?.u32(0) === locatorSignature) {
    checkDisks(locator.u32(4), locator.u32(16) - 1);
    const locatorStart = directoryEnd - locatorBytes;
    directoryEnd = locator.u64(8);
    if (directoryEnd > locatorStart - end64Bytes) {
      throw new CheckpointError(
        `the ZIP64 end record is said to begin at byte ${directoryEnd}; it must end at ${locatorStart}`,
      );
    }
    const end64 = new ZipFields(await source.read(directoryEnd, directoryEnd + end64Bytes));
    if (
      end64.u32(0) !== end64Signature ||
      directoryEnd + 12 + end64.u64(4) !== locatorStart ||
      differs(count, end64.u64(32), 0xffff) ||
      differs(bytes, end64.u64(40), inZip64) ||
      differs(start, end64.u64(48), inZip64)
    ) {
      throw new CheckpointError('the ZIP64 end record does not fit the end record');
    }
    checkDisks(end64.u32(16), end64.u32(20));
    [count64, count, bytes, start] = [24, 32, 40, 48].map((field) => end64.u64(field)) as [
      number,
      number,
      number,
      number,
    ];
  }
  if (count64 !== count) checkDisks(1, 0);
  if (start + bytes !== directoryEnd) {
    throw new CheckpointError(
      `the ZIP directory is said to be bytes ${start} to ${start + bytes}; it must end at ${directoryEnd}`,
    );
  }
  return { start, end: directoryEnd, count };
}

/** The offset of the end record, whose comment reaches to the end of the file. */
function findEnd(tail: Uint8Array): number {
  const fields = new ZipFields(tail);
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (fields.u32(at) === endSignature && at + endBytes + fields.u16(at + 20) === tail.length) {
      return at;
    }
  }
  throw new CheckpointError('the file is no ZIP file, or it is cut off: it has no end record');
}

function differs(value: number, value64: number, referring: number): boolean {
  return value !== referring && value !== value64;
}

function checkDisks(disk: number, first: number): void {
  if (disk !== 0 || first !== 0) {
    throw new CheckpointError('the ZIP file is one part of several; it must be whole');
  }
}
