export type { Fit } from './fit.ts';
export type { Picture } from './picture.ts';
export { picturesToTensor } from './pictures-to-tensor.ts';
export { resizePicture } from './resize.ts';
export { type SampleOptions, samplePictures, type Timed } from './sample-pictures.ts';
export { VideoError } from './video-error.ts';
