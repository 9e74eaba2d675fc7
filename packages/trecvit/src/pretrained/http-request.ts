import { CheckpointError } from '@neverend/checkpoint';
import { isNode } from './environment.ts';

/** No answer came: the server is away, the machine offline, or the page may not read what is there. */
export class UnreachableError extends CheckpointError {}

/** An answer that says that there is no such file. */
export class AbsentError extends CheckpointError {}

/**
 * Asks for a file, or for its bytes from `start` up to, not including, `end`.
 *
 * @returns an answer of status 200 or 206. @throws UnreachableError | AbsentError | CheckpointError in one sentence. @throws the
 * signal's reason.
 */
export async function request(
  url: string,
  options: {
    readonly method?: 'HEAD';
    readonly range?: readonly [start: number, end: number];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Response> {
  const { method = 'GET', range, signal } = options;
  const headers = range === undefined ? {} : { range: `bytes=${range[0]}-${range[1] - 1}` };
  let response: Response;
  try {
    // The browser's own cache would keep each range a second time.
    response = await fetch(url, { method, headers, cache: 'no-store', signal: signal ?? null });
  } catch (error) {
    signal?.throwIfAborted();
    throw new UnreachableError(await whyUnreachable(url, error), { cause: error });
  }
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  const answer = `${response.status} ${response.statusText}`.trim();
  const message = `${url}: the server answered ${answer}`;
  const absent = response.status === 404 || response.status === 410;
  throw absent ? new AbsentError(message) : new CheckpointError(message);
}

async function whyUnreachable(url: string, error: unknown): Promise<string> {
  if (isNode) {
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = cause instanceof Error ? cause.message || cause.name : String(error);
    return `${url} cannot be reached: ${reason}`;
  }
  // A page is not told why. What it may not read, it may still ask for.
  const answers = await fetch(url, { method: 'HEAD', mode: 'no-cors' }).then(
    () => true,
    () => false,
  );
  return answers
    ? `${url}: the server does not allow pages of ${location.origin} to read it; it must send the header Access-Control-Allow-Origin`
    : `${url} cannot be reached: the server does not answer, or this device is offline`;
}

/**
 * The bytes of an answer as they come.
 *
 * @param wanted how many there must be; any number where it is left out.
 * @throws CheckpointError when they end early or are too many. @throws the signal's reason.
 */
export async function* bodyOf(
  response: Response,
  url: string,
  wanted: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader();
  let loaded = 0;
  const ended = (cause?: unknown) =>
    new CheckpointError(
      `${url}: the download ended after ${loaded} ${wanted === undefined ? 'bytes' : `of ${wanted} bytes`}; try again`,
      { cause },
    );
  try {
    while (reader !== undefined) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw ended(error);
      });
      if (done) break;
      loaded += value.length;
      if (wanted !== undefined && loaded > wanted) {
        throw new CheckpointError(
          `${url}: the server sent more than the ${wanted} bytes that it announced`,
        );
      }
      yield value;
    }
    if (wanted !== undefined && loaded < wanted) throw ended();
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
