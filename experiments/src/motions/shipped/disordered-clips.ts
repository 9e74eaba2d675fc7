import { type RandomKey, randomInt, randomUniform, subkey } from '@neverend/backend';
import type { Clip, ClipRequest, ClipSource } from '@neverend/trecvit/training';

/**
 * Clips without any of the motions: each frame is of another video, or, in every other clip, noise. Their labels are those of the source's
 * videos, and say nothing about them: a model that is trained on them learns that it cannot know.
 */
export class DisorderedClips implements ClipSource {
  readonly classNames: readonly string[];
  readonly labels: readonly number[];
  readonly fingerprint: string;
  readonly #key: RandomKey;
  readonly #source: ClipSource;

  constructor(key: RandomKey, source: ClipSource) {
    this.classNames = source.classNames;
    this.labels = source.labels;
    this.fingerprint = JSON.stringify({ disordered: source.fingerprint, key });
    this.#key = key;
    this.#source = source;
  }

  async clip(video: number, request: ClipRequest): Promise<Clip> {
    const { frames } = request;
    const key = subkey(this.#key, video);
    const others = randomInt(key, frames, this.labels.length);
    // Videos come with their classes in turn; so do these.
    const isNoise = Math.floor(video / this.classNames.length) % 2 === 1;
    const one = (index: number) =>
      this.#source.clip(others[index] as number, { ...request, frames: 1 });
    const first = await one(0);
    const size = first.pixels.length;
    const pixels = new Uint8Array(frames * size);
    if (isNoise) {
      const values = randomUniform(subkey(key, 'noise'), pixels.length);
      pixels.set(values.map((value) => 256 * value));
    } else {
      for (let index = 0; index < frames; index++) {
        pixels.set((await one(index)).pixels, index * size);
      }
    }
    return { ...first, frames, pixels };
  }
}
