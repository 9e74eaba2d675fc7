import type * as constants from 'node-av/constants';
import type * as lib from 'node-av/lib';
import { VideoError } from '../video/video-error.ts';

/** FFmpeg's libraries and their constants. */
export type NodeAv = typeof lib & typeof constants;

let loaded: Promise<NodeAv> | undefined;

/** node-av, loaded when it is first needed. @throws VideoError when it is not installed, or has no binary for this machine. */
export function loadNodeAv(): Promise<NodeAv> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<NodeAv> {
  try {
    // Each awaited in the `try` itself: esbuild then leaves an optional peer that is absent to the run.
    const api = await import('node-av/lib');
    const names = await import('node-av/constants');
    // What FFmpeg prints about damaged files would come between the lines of a program; errors say it.
    api.Log.setLevel(names.AV_LOG_QUIET);
    return { ...api, ...names };
  } catch (cause) {
    loaded = undefined;
    const absent =
      cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new VideoError(
      absent
        ? 'videos are decoded by node-av, which is not installed: npm install node-av'
        : `videos are decoded by node-av, which cannot be loaded here: ${reason}`,
      { cause },
    );
  }
}
