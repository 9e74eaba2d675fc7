export { CameraError, type CameraErrorCode } from './camera-error.ts';
export {
  type ClassifyLiveOptions,
  classifyLive,
  type LiveModel,
  type LiveStep,
} from './classify-live.ts';
export { decodeFile, type FileOptions } from './decode-file.ts';
export type { Fit } from './fit.ts';
export { framesOfStream } from './frames-of-stream.ts';
export { framesOfVideo } from './frames-of-video.ts';
export { type LiveFrame, liveFrame } from './live-frame.ts';
export { type Camera, type CameraOptions, openCamera } from './open-camera.ts';
export type { Picture } from './picture.ts';
export {
  type Drawable,
  type Drawing,
  type DrawingContext,
  PictureReader,
} from './picture-reader.ts';
export { picturesToTensor } from './pictures-to-tensor.ts';
export { resizePicture } from './resize.ts';
export { type LiveOptions, sampleLive } from './sample-live.ts';
export { type SampleOptions, samplePictures, type Timed } from './sample-pictures.ts';
export { receiveFrames, type TransferredFrames, transferFrames } from './transfer-frames.ts';
export { VideoError } from './video-error.ts';
