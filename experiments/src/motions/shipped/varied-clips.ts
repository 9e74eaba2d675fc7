import { type RandomKey, randomInt, randomUniform, subkey } from '@neverend/backend';
import type { Clip, ClipRequest, ClipSource } from '@neverend/trecvit/training';
import type { Materials } from '../clips/materials.ts';
import { MotionClips } from '../clips/motion-clips.ts';
import type { Difficulty } from '../clips/scene.ts';
import { difficultyAt } from '../setup.ts';
import { DisorderedClips } from './disordered-clips.ts';

/** Who comes nearer comes faster than in the experiment, and cameras are turned around their middle. */
const ways = { zoom: 1.6, centred: true } as const;

/** What people do before cameras, from slow to fast. The experiment's clips are like the third kind. */
const kinds: readonly Difficulty[] = [
  { ...difficultyAt(0.15), cuts: false, wholePicture: 1, seconds: [2, 4], ...ways },
  { ...difficultyAt(0.2), cuts: false, wholePicture: 0, seconds: [2, 4], ...ways },
  { ...difficultyAt(0.25), wholePicture: 0.4, seconds: [2, 6], ...ways },
  { ...difficultyAt(0.3), wholePicture: 0.4, seconds: [1.2, 2.5], ...ways },
];

/** How often a clip has none of the motions. */
const disorder = 0.1;

/** Clips of several kinds, mixed at random. */
export class VariedClips implements ClipSource {
  readonly classNames: readonly string[];
  readonly labels: readonly number[];
  readonly fingerprint: string;
  /** Of each kind, and one more without motions. */
  readonly #sources: readonly ClipSource[];
  readonly #kindOf: Uint32Array;

  /** @param withDisorder whether some clips have none of the motions, and labels that say nothing: for training alone. */
  constructor(key: RandomKey, videos: number, materials: Materials, withDisorder: boolean) {
    const ofKinds = kinds.map((difficulty, kind) => {
      const ofKind = subkey(key, 'kind', kind);
      return new MotionClips(ofKind, videos, materials, difficulty);
    });
    const [first] = ofKinds as [MotionClips];
    const disordered = new DisorderedClips(subkey(key, 'disorder'), first);
    this.#sources = [...ofKinds, disordered];
    this.classNames = first.classNames;
    this.labels = first.labels;
    this.fingerprint = this.#sources.map(({ fingerprint }) => fingerprint).join('\n');
    const drawn = randomInt(subkey(key, 'kinds'), videos, kinds.length);
    const chance = randomUniform(subkey(key, 'disorders'), videos);
    this.#kindOf = drawn.map((kind, video) =>
      withDisorder && (chance[video] as number) < disorder ? kinds.length : kind,
    );
  }

  clip(video: number, request: ClipRequest): Promise<Clip> {
    return (this.#sources[this.#kindOf[video] as number] as ClipSource).clip(video, request);
  }
}
