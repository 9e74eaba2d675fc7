import { type RandomKey, randomKey, randomNormal } from '@neverend/backend';
import { Draws } from './draws.ts';
import type { Materials } from './materials.ts';
import { motionNames } from './motion-names.ts';
import { type Difficulty, drawnScene } from './scene.ts';
import type { Frame } from './texture.ts';

/** How many seconds of each video there are. */
const seconds = 2;
const noiseTable = 1 << 16;

/** @see ClipSource */
export class MotionClips {
  readonly classNames: readonly string[] = motionNames;
  readonly labels: readonly number[];
  readonly #key: RandomKey;
  readonly #materials: Materials;
  readonly #difficulty: Difficulty;
  readonly #noise: Float32Array;

  constructor(key: RandomKey, videos: number, materials: Materials, difficulty: Difficulty) {
    this.labels = Array.from({ length: videos }, (_, video) => video % motionNames.length);
    this.#key = key;
    this.#materials = materials;
    this.#difficulty = difficulty;
    this.#noise = randomNormal(randomKey(key.low, key.high, 'noise'), noiseTable);
  }

  async clip(
    video: number,
    { frames, framesPerSecond, place, shortSide = 64 }: {
      frames: number; framesPerSecond: number; place: number; shortSide?: number;
    },
  ) {
    const key = randomKey(this.#key.low, this.#key.high, 'video', video);
    const motion = motionNames[this.labels[video] ?? 0] ?? 'still';
    const scene = drawnScene(key, motion, this.#materials, this.#difficulty, seconds);
    const camera = this.#camera(randomKey(key.low, key.high, 'camera'), frames);
    const side = shortSide;
    const frame: Frame = { side, data: new Float32Array(side * side * 3) };
    const size = frame.data.length;
    const pixels = new Uint8ClampedArray(frames * size);
    const from = place * Math.max(0, seconds - frames / framesPerSecond);
    for (let index = 0; index < frames; index++) {
      if (index > 0 && camera.loses(index)) {
        pixels.copyWithin(index * size, (index - 1) * size, index * size);
        continue;
      }
      const at = from + index / framesPerSecond;
      scene(at, frame);
      camera.expose(frame, at, index, pixels.subarray(index * size, (index + 1) * size));
    }
    return { frames, rows: side, columns: side, pixels: new Uint8Array(pixels.buffer) };
  }

  /** Noise, changing light and lost frames. */
  #camera(key: RandomKey, frames: number) {
    const draws = new Draws(key, 16 + 2 * frames);
    const { noise, light, dropped } = this.#difficulty;
    const deviation = draws.between(0, noise);
    const lost = draws.between(0, dropped);
    const height = draws.between(0, light);
    const pace = 2 * Math.PI * draws.between(0.2, 2);
    const phase = draws.between(0, 2 * Math.PI);
    const cast = [0, 1, 2].map(() => draws.between(1 - light / 2, 1 + light / 2));
    const isLost = Array.from({ length: frames }, () => draws.chance(lost));
    const starts = Array.from({ length: frames }, () => draws.below(noiseTable));
    const table = this.#noise;
    return {
      loses: (index: number) => isLost[index] === true,
      expose(frame: Frame, at: number, index: number, into: Uint8ClampedArray) {
        const gain = 1 + height * Math.sin(pace * at + phase);
        const start = starts[index] ?? 0;
        // An odd stride walks through the whole table before a number comes again.
        const stride = 2 * (start % 1999) + 1;
        const [red, green, blue] = cast.map((share) => share * gain) as [number, number, number];
        let n = start;
        const noised = (value: number): number => {
          n = (n + stride) & (noiseTable - 1);
          return value + deviation * (table[n] as number);
        };
        for (let i = 0; i < into.length; i += 3) {
          into[i] = noised(red * (frame.data[i] as number));
          into[i + 1] = noised(green * (frame.data[i + 1] as number));
          into[i + 2] = noised(blue * (frame.data[i + 2] as number));
        }
      },
    };
  }
}
