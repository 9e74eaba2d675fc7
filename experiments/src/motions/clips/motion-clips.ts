import { type RandomKey, subkey } from '@neverend/backend';
import type { Clip, ClipRequest, ClipSource } from '@neverend/trecvit/training';
import { motionNames } from '@neverend/trecvit-motions';
import { drawnCamera } from './camera.ts';
import type { Materials } from './materials.ts';
import { type Difficulty, drawnScene } from './scene.ts';
import type { Frame } from './texture.ts';

/** The seconds of each video. */
const videoSeconds = 2;

/**
 * Videos of motions, made when a clip of one is asked for: of real photographs and digits before still and moving backgrounds, with
 * noise, changing light and lost frames. What is made is a function of the key and the video's number alone.
 */
export class MotionClips implements ClipSource {
  readonly classNames: readonly string[] = motionNames;
  /** Classes in turn. */
  readonly labels: readonly number[];
  readonly fingerprint: string;
  readonly #key: RandomKey;
  readonly #materials: Materials;
  readonly #difficulty: Difficulty;

  constructor(key: RandomKey, videos: number, materials: Materials, difficulty: Difficulty) {
    this.labels = Array.from({ length: videos }, (_, video) => video % motionNames.length);
    this.fingerprint = JSON.stringify({ key, difficulty, materials: materials.fingerprint });
    this.#key = key;
    this.#materials = materials;
    this.#difficulty = difficulty;
  }

  /** Square frames; 64 pixels wide where the caller wants no other size. */
  async clip(video: number, request: ClipRequest): Promise<Clip> {
    const { frames, framesPerSecond, place, shortSide: side = 64 } = request;
    const key = subkey(this.#key, 'video', video);
    const motion = motionNames[this.labels[video] as number] ?? 'still';
    const scene = drawnScene(key, motion, this.#materials, this.#difficulty, videoSeconds);
    const frame: Frame = { side, data: new Float32Array(side * side * 3) };
    const size = frame.data.length;
    const pixels = new Uint8Array(frames * size);
    const camera = drawnCamera(subkey(key, 'camera'), this.#difficulty, frames);
    const from = place * Math.max(0, videoSeconds - frames / framesPerSecond);
    for (let index = 0; index < frames; index++) {
      if (camera.isLost(index)) {
        pixels.copyWithin(index * size, (index - 1) * size, index * size);
        continue;
      }
      const seconds = from + index / framesPerSecond;
      scene(seconds, frame);
      const into = new Uint8ClampedArray(pixels.buffer, index * size, size);
      camera.expose(frame, seconds, index, into);
    }
    return { frames, rows: side, columns: side, pixels };
  }
}
