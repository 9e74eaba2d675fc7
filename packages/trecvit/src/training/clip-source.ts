import { ShapeError } from '@neverend/backend';
import type { VideoInput } from '../config-file.ts';

/** Labelled videos from which clips are cut. */
export interface ClipSource {
  /** The names of the classes, in the order of the logits. */
  readonly classNames: readonly string[];
  /** The class of each video. */
  readonly labels: readonly number[];
  /** What tells the videos from others, such as a hash of their names: a run goes on with the same alone. */
  readonly fingerprint?: string;
  /** A clip of a video, the same for the same request. @throws where the video cannot be read, naming it. */
  clip(video: number, request: ClipRequest): Promise<Clip>;
}

/** Which clip of a video, and how. */
export interface ClipRequest {
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Where the clip lies in its video: 0 is at the beginning, 1 at the end. */
  readonly place: number;
  /** The shorter side that the caller wants; a source may give more or less, and the caller resizes. Undefined: as it is. */
  readonly shortSide?: number;
}

/** Frames of one size. */
export interface Clip {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** RGB `[frames, rows, columns, 3]`. */
  readonly pixels: Uint8Array;
}

/** How a model wants its clips. */
export interface ClipFormat {
  readonly frames: number;
  readonly imageSize: readonly [rows: number, columns: number];
  readonly input: VideoInput;
}

/** @throws RangeError when labels are no classes of the names, or there are none. */
export function checkSource(name: string, { classNames, labels }: ClipSource): void {
  if (labels.length === 0) throw new RangeError(`${name} had no videos; it must have some`);
  const wrong = labels.find((label) => classNames[label] === undefined);
  if (wrong !== undefined) {
    throw new RangeError(
      `${name}.labels had ${wrong}; a label is an integer from 0 to ${classNames.length - 1}`,
    );
  }
}

/** @throws ShapeError when a source gave another clip than it was asked for. */
export function checkClip({ frames, rows, columns, pixels }: Clip, wanted: number): void {
  if (frames !== wanted || pixels.length !== frames * rows * columns * 3) {
    throw new ShapeError(
      `a clip had ${frames} frames of ${rows} x ${columns} and ${pixels.length} bytes; it must have ${wanted} frames and 3 bytes a pixel`,
    );
  }
}
