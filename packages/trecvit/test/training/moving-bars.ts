import { randomKey, randomUniform } from '@neverend/backend';
import type { Clip, ClipSource } from '../../src/training/index.ts';

/**
 * Videos of a bright bar on a speckled ground that moves to the left or to the right, around the edge. It starts anywhere, so that a
 * single frame tells nothing.
 */
export function movingBars(videos: number, seed: number, side = 16): ClipSource {
  return {
    classNames: ['left', 'right'],
    labels: Array.from({ length: videos }, (_, video) => video % 2),
    fingerprint: `moving bars ${seed}`,
    clip: async (video, { frames }): Promise<Clip> => {
      const [start = 0, ...ground] = randomUniform(randomKey('bar', seed, video), 1 + side * side);
      const pixels = new Uint8Array(frames * side * side * 3);
      const pace = video % 2 === 0 ? -side / 8 : side / 8;
      for (let frame = 0; frame < frames; frame++) {
        const left = Math.floor(start * side) + pace * frame + side * frames;
        for (let at = 0; at < side * side; at++) {
          const lit = (left + side - (at % side)) % side < side / 4;
          const value = lit ? 255 : 60 * (ground[at] as number);
          const pixel = 3 * (frame * side * side + at);
          pixels.fill(value, pixel, pixel + 3);
        }
      }
      return { frames, rows: side, columns: side, pixels };
    },
  };
}
