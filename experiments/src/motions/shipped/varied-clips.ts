import { type RandomKey, randomInt, randomKey } from '@neverend/backend';
import type { Clip, ClipRequest, ClipSource } from '@neverend/trecvit/training';
import type { Materials } from '../clips/materials.ts';
import { MotionClips } from '../clips/motion-clips.ts';
import type { Difficulty } from '../clips/scene.ts';
import { difficultyAt } from '../setup.ts';

/** Who comes nearer comes faster than in the experiment, and cameras are turned around their middle. */
const ways = { zoom: 1.6, centred: true } as const;

/** What people do before cameras, from slow to fast. The experiment's clips are like the third kind. */
const kinds: readonly Difficulty[] = [
  { ...difficultyAt(0.15), cuts: false, wholePicture: 1, seconds: [2, 4], ...ways },
  { ...difficultyAt(0.2), cuts: false, wholePicture: 0, seconds: [2, 4], ...ways },
  { ...difficultyAt(0.25), wholePicture: 0.4, seconds: [2, 6], ...ways },
  { ...difficultyAt(0.3), wholePicture: 0.4, seconds: [1.2, 2.5], ...ways },
];

/** Clips of several kinds, mixed at random. */
export class VariedClips implements ClipSource {
  readonly classNames: readonly string[];
  readonly labels: readonly number[];
  readonly fingerprint: string;
  readonly #sources: readonly MotionClips[];
  readonly #kindOf: Uint32Array;

  constructor(key: RandomKey, videos: number, materials: Materials) {
    this.#sources = kinds.map((difficulty, kind) => {
      const ofKind = randomKey(key.low, key.high, 'kind', kind);
      return new MotionClips(ofKind, videos, materials, difficulty);
    });
    const [first] = this.#sources as [MotionClips];
    this.classNames = first.classNames;
    this.labels = first.labels;
    this.fingerprint = this.#sources.map(({ fingerprint }) => fingerprint).join('\n');
    this.#kindOf = randomInt(randomKey(key.low, key.high, 'kinds'), videos, kinds.length);
  }

  clip(video: number, request: ClipRequest): Promise<Clip> {
    return (this.#sources[this.#kindOf[video] as number] as MotionClips).clip(video, request);
  }
}
