export { type DecodeOptions, decodeVideo } from './decode-video.ts';
export { saveModel } from './save-model.ts';
export type { VideoSource } from './video-source.ts';
