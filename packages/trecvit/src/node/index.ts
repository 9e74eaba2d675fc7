export { type DecodeOptions, decodeVideo } from './decode-video.ts';
export { DecodingPool, type PoolOptions } from './decoding-pool.ts';
export { type ClipOptions, readClip, type VideoClip } from './read-clip.ts';
export { saveModel } from './save-model.ts';
export { type VideoInfo, videoInfo } from './video-info.ts';
export type { VideoSource } from './video-source.ts';
