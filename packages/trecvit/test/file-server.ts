import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server answers. */
interface Manner {
  /** Whether it knows ranges. Default: true. */
  readonly ranges?: boolean;
  /** The ETag of all files; none where it is left out. */
  readonly etag?: string;
  /** The connection ends after this many bytes of a body. */
  readonly cutAfter?: number;
  /** Bytes of a body that are left out, without a word. */
  readonly short?: number;
  /** Whether it says how long a whole file is. Default: true. */
  readonly length?: boolean;
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server of files in memory, which notes what it was asked. */
export interface FileServer {
  readonly origin: string;
  /** Of each request: the method, the path and the range. */
  readonly requests: string[];
  /** May be changed at any time. */
  manner: Manner;
  close(): Promise<void>;
}

/** Serves these files on this machine. */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<FileServer> {
  const requests: string[] = [];
  const served = { requests, manner: {} as Manner };
  const server: Server = createServer((request, response) => {
    answer(request, response, files, served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(served, {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: Readonly<Record<string, Uint8Array | string>>,
  { requests, manner }: { readonly requests: string[]; readonly manner: Manner },
): void {
  const { method = 'GET', url = '/', headers } = request;
  const { ranges = true, etag, cutAfter, short = 0, length = true } = manner;
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  const file = files[path];
  requests.push(`${method} ${path} ${headers.range ?? ''}`.trim());
  for (const [name, value] of Object.entries(manner.headers ?? {})) response.setHeader(name, value);
  if (file === undefined) {
    response.writeHead(404).end('not here');
    return;
  }
  const whole = Buffer.from(file);
  if (etag !== undefined) response.setHeader('etag', etag);
  response.setHeader('content-type', path.endsWith('.html') ? 'text/html' : typeOf(path));
  const range = ranges ? /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') : null;
  const [start, end] = range
    ? [Number(range[1]), Math.min(Number(range[2]) + 1, whole.length)]
    : [0, whole.length];
  const body = whole.subarray(start, end - short);
  if (range) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${end - 1}/${whole.length}`);
  }
  if (length) response.setHeader('content-length', body.length);
  if (method === 'HEAD') {
    response.end();
  } else if (cutAfter === undefined || cutAfter >= body.length) {
    // Node would tell the length of what ends at once.
    response.write(body);
    response.end();
  } else {
    response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 50));
  }
}

const typeOf = (path: string): string =>
  path.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
