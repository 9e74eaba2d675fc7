export { type DecodeOptions, decodeVideo } from './decode-video.ts';
export type { VideoSource } from './video-source.ts';
