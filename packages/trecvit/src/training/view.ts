import { type RandomKey, randomUniform } from '@neverend/backend';
import type { Clip, ClipFormat } from './clip-source.ts';
import type { ResolvedSettings } from './train-settings.ts';

/** The window of a picture that a model sees, in the picture's pixels, and whether it sees it mirrored. */
export interface View {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  readonly mirrored: boolean;
}

/** What is drawn for a clip of a training. All of them are in [0, 1). */
export interface Draws {
  readonly place: number;
  readonly zoom: number;
  readonly top: number;
  readonly left: number;
  readonly mirror: number;
}

export function drawsOf(key: RandomKey): Draws {
  const [place = 0, zoom = 0, top = 0, left = 0, mirror = 0] = randomUniform(key, 5);
  return { place, zoom, top, left, mirror };
}

/** The shorter side of a picture at scale 1, as a multiple of the window's: 256 pixels for 224. */
const scaleOne = 1 / 0.875;

/** How many times smaller than the largest window that fits a clip's window is. */
export function zoomOf(draws: Draws, scaleJitter: ResolvedSettings['scaleJitter']): number {
  if (scaleJitter === 'none') return 1;
  const [least, most] = scaleJitter;
  return Math.max(1, scaleOne * (least + (most - least) * draws.zoom));
}

/** Whether a training's clip is mirrored. */
export function isMirrored(draws: Draws, flips: ResolvedSettings['flips']): boolean {
  return flips !== 'none' && draws.mirror < 0.5;
}

/** The window of a training's clip. */
export function trainingView(
  picture: Pick<Clip, 'rows' | 'columns'>,
  format: ClipFormat,
  draws: Draws,
  { scaleJitter, flips }: Pick<ResolvedSettings, 'scaleJitter' | 'flips'>,
): View {
  const zoom = zoomOf(draws, scaleJitter);
  const largest = largestWindow(picture, format);
  const [rows, columns] = [largest.rows / zoom, largest.columns / zoom];
  const [down, across] = scaleJitter === 'none' ? [0.5, 0.5] : [draws.top, draws.left];
  return {
    top: down * (picture.rows - rows),
    left: across * (picture.columns - columns),
    ...{ rows, columns },
    mirrored: isMirrored(draws, flips),
  };
}

/** The windows of an evaluation: the largest that fit, spread evenly over the longer side; one where they would be the same. */
export function evaluationViews(
  picture: Pick<Clip, 'rows' | 'columns'>,
  format: ClipFormat,
  crops: number,
): View[] {
  const { rows, columns } = largestWindow(picture, format);
  const [down, across] = [picture.rows - rows, picture.columns - columns];
  // Half a pixel is what rounding to whole sizes makes.
  const count = Math.max(down, across) < 0.5 ? 1 : crops;
  return Array.from({ length: count }, (_, index) => {
    const share = count === 1 ? 0.5 : index / (count - 1);
    return { top: share * down, left: share * across, rows, columns, mirrored: false };
  });
}

/** The largest window of the model's shape, or the whole picture where it is to be squeezed. */
function largestWindow(
  { rows, columns }: Pick<Clip, 'rows' | 'columns'>,
  { imageSize: [height, width], input }: ClipFormat,
): { rows: number; columns: number } {
  if (input.crop === 'squeeze') return { rows, columns };
  const scale = Math.min(rows / height, columns / width);
  return { rows: scale * height, columns: scale * width };
}
