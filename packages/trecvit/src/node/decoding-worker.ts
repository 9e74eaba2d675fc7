import type { MessagePort } from 'node:worker_threads';
import { type ClipOptions, readClip, type VideoClip } from './read-clip.ts';

/** What a thread is told: a clip to read, that the clip it reads is not wanted any more, or to end. */
export type Order =
  | { readonly path: string; readonly options: Omit<ClipOptions, 'signal'> }
  | 'abort'
  | 'end';

/** What a thread answers, in the order in which it was told. */
export type Answer =
  | { readonly clip: VideoClip }
  | { readonly error: { readonly name: string; readonly message: string; readonly code?: string } };

/** What a thread of a pool does. */
export function serveClips(port: MessagePort): void {
  let reading: AbortController | undefined;
  port.on('message', async (order: Order) => {
    if (order === 'abort') reading?.abort();
    else if (order === 'end') {
      reading?.abort();
      // Native calls that run must come back before their thread is gone; without a port nothing else keeps it.
      port.close();
    } else {
      reading = new AbortController();
      const answer = await answerTo(order, reading.signal);
      reading = undefined;
      if ('clip' in answer) port.postMessage(answer, [answer.clip.pixels.buffer as ArrayBuffer]);
      else port.postMessage(answer);
    }
  });
}

async function answerTo(
  { path, options }: Exclude<Order, string>,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return { clip: await readClip(path, { ...options, signal }) };
  } catch (error) {
    // An error that is sent as it is loses its class and its code.
    const { name, message, code } = error as Error & { code?: unknown };
    return { error: { name, message, ...(typeof code === 'string' ? { code } : {}) } };
  }
}
