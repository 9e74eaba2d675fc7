import { receiveFrames, type TransferredFrames } from '../../src/video/index.ts';
import { type WatchOptions, watch } from './report.ts';

addEventListener(
  'message',
  async ({ data }: MessageEvent<{ frames: TransferredFrames; options: WatchOptions }>) => {
    postMessage(await watch(receiveFrames(data.frames), data.options));
  },
);
