import type { FrameSource } from '../protocol.ts';
import type { SentFrame } from './feed.ts';

/** The frames of a source, the newest each time. Whoever takes one closes it. */
export async function* framesFrom(
  source: FrameSource,
  signal: AbortSignal,
): AsyncGenerator<SentFrame, void, undefined> {
  if (source instanceof MessagePort) {
    yield* fromPort(source, signal);
    return;
  }
  const reader = source.getReader();
  signal.addEventListener('abort', () => void reader.cancel());
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield { picture: value, seconds: value.timestamp / 1e6 };
  }
}

async function* fromPort(
  port: MessagePort,
  signal: AbortSignal,
): AsyncGenerator<SentFrame, void, undefined> {
  for (;;) {
    const frame = await new Promise<SentFrame | undefined>((resolve) => {
      port.onmessage = ({ data }: MessageEvent<SentFrame | undefined>) => resolve(data);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    if (frame === undefined) return;
    yield frame;
    port.postMessage(undefined);
  }
}
