import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { crc32 } from './crc32.ts';
import { UnreadableContent } from './unreadable-content.ts';
import {
  deflated,
  encryptionFlags,
  localHeaderBytes,
  stored,
  type ZipEntry,
} from './zip-directory.ts';
import { withZip64, ZipFields } from './zip-fields.ts';

const localSignature = 0x04034b50;
/** The member's sizes and CRC-32 stand behind its data and in the directory, not in its own header. */
const describedLaterFlag = 0x8;
const readBytes = 1 << 18;
/** Some hosts inflate a whole piece at once, into up to 1032 times its bytes. */
const inflateBytes = 1 << 14;

/**
 * The content of a member in pieces, inflated.
 *
 * @throws UnreadableContent when it is encrypted, or compressed in a way that is not read. @throws CheckpointError when its own header and the directory disagree, and, at the latest after the last
 * piece, when it is not of the declared size and CRC-32. Never gives more than the declared size.
 */
export async function* readZipMember(
  source: ByteSource,
  entry: ZipEntry,
): AsyncGenerator<Uint8Array, void, undefined> {
  const what = `member ${JSON.stringify(entry.name)}`;
  const start = await checkLocalHeader(source, entry, what);
  if (entry.flags & encryptionFlags) throw new UnreadableContent(`${what} is encrypted`);
  if (entry.method !== stored && entry.method !== deflated) {
    throw new UnreadableContent(
      `${what} has compression method ${entry.method}; it must be 0 (stored) or 8 (deflated)`,
    );
  }
  const end = start + entry.compressedSize;
  const content =
    entry.method === stored
      ? pieces(source, start, end, readBytes)
      : inflate(pieces(source, start, end, inflateBytes), what);
  let size = 0;
  let crc = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > entry.size) break;
    crc = crc32(piece, crc);
    yield piece;
  }
  if (size !== entry.size) {
    const more = size > entry.size ? 'more' : 'fewer';
    throw new CheckpointError(`${what} has ${more} than the ${entry.size} bytes that are declared`);
  }
  if (crc !== entry.crc) throw new CheckpointError(`${what} is damaged: its CRC-32 is not its own`);
}

/** @returns where the data begins. */
async function checkLocalHeader(
  source: ByteSource,
  entry: ZipEntry,
  what: string,
): Promise<number> {
  const nameStart = entry.start + localHeaderBytes;
  const header = new ZipFields(await source.read(entry.start, nameStart));
  if (header.u32(0) !== localSignature) {
    throw new CheckpointError(`${what} has no header at byte ${entry.start}`);
  }
  const extraStart = nameStart + header.u16(26);
  const dataStart = extraStart + header.u16(28);
  if (dataStart + entry.compressedSize > entry.limit) {
    throw new CheckpointError(
      `${what} at byte ${entry.start} overlaps what begins at ${entry.limit}`,
    );
  }
  const name = await source.read(nameStart, extraStart);
  const [size, compressedSize] = withZip64(
    [header.u32(22), header.u32(18)],
    await source.read(extraStart, dataStart),
    what,
  );
  const sameSizes =
    header.u32(14) === entry.crc && size === entry.size && compressedSize === entry.compressedSize;
  if (
    header.u16(6) !== entry.flags ||
    header.u16(8) !== entry.method ||
    name.length !== entry.nameBytes.length ||
    name.some((byte, at) => byte !== entry.nameBytes[at]) ||
    !(sameSizes || entry.flags & describedLaterFlag)
  ) {
    throw new CheckpointError(`${what}: its own header and the ZIP directory disagree`);
  }
  return dataStart;
}

async function* pieces(
  source: ByteSource,
  start: number,
  end: number,
  most: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end; at += readBytes) {
    const bytes = await source.read(at, Math.min(at + readBytes, end));
    for (let from = 0; from < bytes.length; from += most) yield bytes.subarray(from, from + most);
  }
}

async function* inflate(
  compressed: AsyncGenerator<Uint8Array, void, undefined>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let readFailure: { readonly error: unknown } | undefined;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await compressed.next();
          if (done) controller.close();
          else controller.enqueue(value as Uint8Array<ArrayBuffer>);
        } catch (error) {
          readFailure = { error };
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  const reader = stream.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (readFailure !== undefined) throw readFailure.error;
    throw new CheckpointError(`${what} is damaged: it is no whole deflate stream`, {
      cause: error,
    });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
