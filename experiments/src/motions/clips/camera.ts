import { type RandomKey, randomKey, randomNormal } from '@neverend/backend';
import { Draws } from './draws.ts';
import type { Difficulty } from './scene.ts';
import type { Frame } from './texture.ts';

const tableLength = 1 << 16;

/** Normal numbers, from which the noise of every frame is taken: drawing a frame's own would take longer than its picture. */
const noiseTable: Float32Array = randomNormal(randomKey('noise of cameras'), tableLength);

/** What a camera does to the frames of one clip. */
export interface Camera {
  /** Whether a frame is lost, in the place of which the one before is shown. */
  isLost(index: number): boolean;
  /** Light and noise: turns a frame into bytes. */
  expose(frame: Frame, seconds: number, index: number, into: Uint8ClampedArray): void;
}

/** @param frames how many there are, at most. */
export function drawnCamera(key: RandomKey, difficulty: Difficulty, frames: number): Camera {
  const draws = new Draws(key, 8 + 2 * frames);
  const deviation = draws.between(0, difficulty.noise);
  const dropped = draws.between(0, difficulty.dropped);
  const height = draws.between(0, difficulty.light);
  const pace = 2 * Math.PI * draws.between(0.2, 2);
  const phase = draws.between(0, 2 * Math.PI);
  const cast = [0, 1, 2].map(() => 1 + draws.between(-0.5, 0.5) * difficulty.light);
  const lost = Array.from({ length: frames }, (_, index) => draws.chance(dropped) && index > 0);
  const starts = Array.from({ length: frames }, () => draws.below(tableLength));
  return {
    isLost: (index) => lost[index] === true,
    expose: ({ data }, seconds, index, into) => {
      const gain = 1 + height * Math.sin(pace * seconds + phase);
      const [red, green, blue] = cast.map((share) => share * gain) as [number, number, number];
      let at = starts[index] as number;
      // An odd stride goes through the whole table before a number comes again.
      const stride = 2 * (at % 1999) + 1;
      const noised = (value: number): number => {
        at = (at + stride) & (tableLength - 1);
        return value + deviation * (noiseTable[at] as number);
      };
      for (let i = 0; i < into.length; i += 3) {
        into[i] = noised(red * (data[i] as number));
        into[i + 1] = noised(green * (data[i + 1] as number));
        into[i + 2] = noised(blue * (data[i + 2] as number));
      }
    },
  };
}
