import { checkOptions } from '@neverend/backend';
import { CameraError } from './camera-error.ts';
import type { Fit } from './fit.ts';
import type { LiveFrame } from './live-frame.ts';
import type { Picture } from './picture.ts';
import { PictureReader } from './picture-reader.ts';
import { type LiveOptions, sampleLive } from './sample-live.ts';

export interface LivePictureOptions extends Pick<LiveOptions<LiveFrame>, 'backlog' | 'onDropped'> {
  readonly fit: Fit;
  /** The model's. */
  readonly framesPerSecond: number;
  /** Called with an error when no frame came for more than a second, as in a hidden page, and with undefined when they come again. */
  readonly onSilence?: (silence: CameraError | undefined) => void;
}

const optionNames = ['fit', 'framesPerSecond', 'backlog', 'onDropped', 'onSilence'] as const;
/** Milliseconds. */
const patience = 1500;

/**
 * What a camera films or a `<video>` plays, as pictures for a model at its rate; where the model is slower, pictures are dropped, as
 * `sampleLive` does. It closes all frames.
 *
 * @param frames of `openCamera`, `framesOfVideo`, `framesOfStream` or `receiveFrames`.
 * @throws what `frames` throws. @throws RangeError | ShapeError | TypeError naming an option.
 */
export async function* livePictures(
  frames: AsyncIterable<LiveFrame>,
  options: LivePictureOptions,
): AsyncGenerator<Picture, void, undefined> {
  checkOptions('livePictures', options, optionNames);
  const { fit, framesPerSecond, onSilence, ...others } = options;
  const reader = new PictureReader(fit);
  const heard = onSilence === undefined ? frames : listen(frames, onSilence);
  const sampled = sampleLive(heard, framesPerSecond, {
    ...others,
    release: (frame) => frame.close(),
  });
  for await (const { image, seconds } of sampled) yield reader.read(image, seconds);
}

async function* listen(
  frames: AsyncIterable<LiveFrame>,
  onSilence: (silence: CameraError | undefined) => void,
): AsyncGenerator<LiveFrame, void, undefined> {
  let isSilent = false;
  const complain = () => {
    isSilent = true;
    const isHidden = typeof document !== 'undefined' && document.hidden;
    onSilence(new CameraError(isHidden ? 'NEVEREND_CAMERA_HIDDEN' : 'NEVEREND_CAMERA_SILENT'));
  };
  let timer = setTimeout(complain, patience);
  try {
    for await (const frame of frames) {
      clearTimeout(timer);
      if (isSilent) onSilence(undefined);
      isSilent = false;
      timer = setTimeout(complain, patience);
      yield frame;
    }
  } finally {
    clearTimeout(timer);
  }
}
