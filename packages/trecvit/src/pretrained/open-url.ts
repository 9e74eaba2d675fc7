import { type ByteSource, CheckpointError } from '@neverend/checkpoint';
import {
  type ChunkStore,
  chunkBytes,
  chunkCount,
  chunkLength,
  type FileVersion,
  holdsAll,
} from './chunk-store.ts';
import { chunkedSource } from './chunked-source.ts';
import { AbsentError, bodyOf, request, UnreachableError } from './http-request.ts';
import { keptPieces } from './kept-pieces.ts';

/** A file that is open until it is closed. */
export interface OpenFile {
  /** How a message names it. */
  readonly label: string;
  readonly source: ByteSource;
  /** @param isRead true where all of it was read as it should be. */
  close(isRead: boolean): Promise<void>;
}

/** How a file is downloaded. */
export interface DownloadOptions {
  readonly signal: AbortSignal | undefined;
  /** Where its pieces are kept; nowhere where it is left out. */
  readonly store: ChunkStore | undefined;
  /** True: what is not in the store is not there. */
  readonly offline: boolean;
  /** Is told how much of the file is here; the total is undefined where the server does not tell it. */
  readonly onBytes: (loaded: number, total: number | undefined) => void;
}

/**
 * Opens a file at an address. Where the server answers a range with 206, the pieces that are read are downloaded, one at a time;
 * else the whole file is, to the store or, without one, to a temporary place, which is memory in browsers. A copy in the store is used
 * if the server still has the same version, or does not answer.
 *
 * @throws CheckpointError in one sentence. @throws the signal's reason.
 */
export async function openUrl(url: string, options: DownloadOptions): Promise<OpenFile> {
  const { store, signal, offline } = options;
  const complete = await store?.complete();
  const kept =
    store && complete && (await holdsAll(store, complete))
      ? { store, version: complete }
      : undefined;
  if (offline) {
    if (kept === undefined) {
      throw new AbsentError(`${url} is not in the cache, and may not be downloaded while offline`);
    }
    return openKept(url, kept, options);
  }
  let first: Response;
  try {
    const end = kept === undefined ? chunkBytes : 1;
    first = await request(url, { range: [0, end], signal });
  } catch (error) {
    if (kept !== undefined && error instanceof UnreachableError) {
      return openKept(url, kept, options);
    }
    throw error;
  }
  const answer = await versionOf(url, first, signal);
  // A length alone does not tell that nothing has changed.
  if (kept !== undefined && answer.isTagged && isSame(kept.version, answer)) {
    await first.body?.cancel();
    return openKept(url, kept, options);
  }
  if (first.status === 200) return download(url, first, answer, options);
  if (answer.size === undefined) {
    await first.body?.cancel();
    const whole = await request(url, { signal });
    return download(url, whole, await versionOf(url, whole, signal), options);
  }
  const beginning = kept === undefined ? first : undefined;
  if (beginning === undefined) await first.body?.cancel();
  return openRanges(url, beginning, { ...answer, size: answer.size }, options);
}

/** A version as an answer tells it. */
interface Answer {
  readonly size: number | undefined;
  readonly tag: string;
  /** False where the tag is but the length, which another content may have too. */
  readonly isTagged: boolean;
}

async function versionOf(
  url: string,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const size = await sizeOf(url, response, signal);
  return { size, ...tagOf(response, size) };
}

function tagOf({ headers }: Response, size: number | undefined) {
  const [etag, date] = [headers.get('etag'), headers.get('last-modified')];
  return { tag: etag ?? `${date ?? 'length'} ${size}`, isTagged: (etag ?? date) !== null };
}

async function sizeOf(
  url: string,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  if (response.status === 200) return lengthOf(response);
  const range = /^bytes 0-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (range !== null) return Number(range[1]);
  // A page sees this header of another origin only where the server says so, and the length always.
  const head = await request(url, { method: 'HEAD', signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (CheckpointError.isInstance(error)) return undefined;
    throw error;
  });
  return head && lengthOf(head);
}

/** Bytes of the content; unknown where they are packed for the way. */
function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? undefined : Number(length);
}

function isSame(version: FileVersion, { size, tag }: Answer): boolean {
  return version.tag === tag && (size === undefined || version.size === size);
}

const vanished = (url: string) =>
  new CheckpointError(`${url}: a piece of its copy in the cache is gone; try again`);

function openKept(
  url: string,
  { store, version }: { readonly store: ChunkStore; readonly version: FileVersion },
  { onBytes, signal }: DownloadOptions,
): OpenFile {
  const load = async (index: number) => {
    const bytes = await store.read(version.tag, index);
    if (bytes?.length !== chunkLength(version.size, index)) throw vanished(url);
    return bytes;
  };
  onBytes(version.size, version.size);
  const source = chunkedSource(version.size, load, signal);
  return { label: url, source, close: async () => undefined };
}

/** Downloads all of a file before it is read. */
async function download(
  url: string,
  response: Response,
  { size, tag }: Answer,
  { store, signal, onBytes }: DownloadOptions,
): Promise<OpenFile> {
  const pieces = keptPieces(store, tag, true);
  try {
    let piece = new Uint8Array(chunkBytes);
    let [loaded, filled] = [0, 0];
    const put = () => pieces.put(Math.floor((loaded - 1) / chunkBytes), piece.slice(0, filled));
    for await (let bytes of bodyOf(response, url, size, signal)) {
      while (bytes.length > 0) {
        const part = bytes.subarray(0, chunkBytes - filled);
        piece.set(part, filled);
        filled += part.length;
        loaded += part.length;
        bytes = bytes.subarray(part.length);
        if (filled < chunkBytes) continue;
        await put();
        filled = 0;
      }
      onBytes(loaded, size);
    }
    if (filled > 0) await put();
    piece = new Uint8Array();
    onBytes(loaded, loaded);
    const version = { size: loaded, tag };
    if (pieces.isKept) await store?.finish(version).catch(() => undefined);
    const load = async (index: number) => {
      const bytes = await pieces.get(index);
      if (bytes?.length !== chunkLength(loaded, index)) throw vanished(url);
      return bytes;
    };
    return { label: url, source: chunkedSource(loaded, load, signal), close: pieces.close };
  } catch (error) {
    await pieces.close();
    await store?.discard(tag).catch(() => undefined);
    throw error;
  }
}

/** Downloads the pieces that are read. @param beginning the answer with the first piece, where there is one. */
function openRanges(
  url: string,
  beginning: Response | undefined,
  { size, tag, isTagged }: Answer & { readonly size: number },
  { store, signal, onBytes }: DownloadOptions,
): OpenFile {
  const pieces = keptPieces(store, tag, false);
  const here = new Set<number>();
  let first = beginning;
  const told = (more: number) => {
    const loaded = [...here].reduce((sum, index) => sum + chunkLength(size, index), more);
    onBytes(Math.min(loaded, size), size);
  };
  const answerFor = async (index: number): Promise<Response> => {
    if (index === 0 && first !== undefined) {
      const response = first;
      first = undefined;
      return response;
    }
    const start = index * chunkBytes;
    const response = await request(url, {
      range: [start, start + chunkLength(size, index)],
      signal,
    });
    if (response.status === 206) return response;
    await response.body?.cancel();
    throw new CheckpointError(`${url}: the server answered one range, and then the whole file`);
  };
  const load = async (index: number): Promise<Uint8Array> => {
    const length = chunkLength(size, index);
    // A length alone does not tell that a piece is of the same content.
    const kept = isTagged || here.has(index) ? await pieces.get(index) : undefined;
    if (kept?.length === length) {
      here.add(index);
      told(0);
      return kept;
    }
    const response = await answerFor(index);
    if (tagOf(response, size).tag !== tag) {
      await response.body?.cancel();
      throw new CheckpointError(`${url} was changed while it was read; try again`);
    }
    const bytes = new Uint8Array(length);
    let loaded = 0;
    for await (const part of bodyOf(response, url, length, signal)) {
      bytes.set(part, loaded);
      loaded += part.length;
      if (!here.has(index)) told(loaded);
    }
    await pieces.put(index, bytes);
    here.add(index);
    return bytes;
  };
  return {
    label: url,
    source: chunkedSource(size, load, signal),
    async close(isRead) {
      await first?.body?.cancel();
      await pieces.close();
      if (!pieces.isKept) return;
      if (isRead && here.size === chunkCount(size)) {
        await store?.finish({ size, tag }).catch(() => undefined);
      } else if (!isTagged) await store?.discard(tag).catch(() => undefined);
    },
  };
}
