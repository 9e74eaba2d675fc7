import type { Clip, ClipRequest, ClipSource } from '@neverend/trecvit/training';
import { type MotionName, motionNames } from '@neverend/trecvit-motions';
import type { MotionClips } from './motion-clips.ts';

/** The videos of some motions alone, under the same classes. */
export class ChosenMotions implements ClipSource {
  readonly classNames: readonly string[];
  readonly labels: readonly number[];
  readonly fingerprint: string;
  readonly #all: MotionClips;
  /** Which of all videos are taken. */
  readonly #videos: readonly number[];

  constructor(all: MotionClips, motions: readonly MotionName[]) {
    const labels = new Set(motions.map((motion) => motionNames.indexOf(motion)));
    this.#videos = [...all.labels.keys()].filter((video) =>
      labels.has(all.labels[video] as number),
    );
    this.classNames = all.classNames;
    this.labels = this.#videos.map((video) => all.labels[video] as number);
    this.fingerprint = `${all.fingerprint}\n${motions.join()}`;
    this.#all = all;
  }

  clip(video: number, request: ClipRequest): Promise<Clip> {
    return this.#all.clip(this.#videos[video] as number, request);
  }
}
