import { randomKey, randomUniform } from '@neverend/backend';
import type { Clip, ClipSource } from '../../src/training/index.ts';

/**
 * Videos of a bright square on a grey ground that moves to the left or to the right, around the edge. It starts anywhere, so that a
 * single frame tells nothing.
 */
export function movingSquares(
  videos: number,
  seed: number,
  [rows, columns]: readonly [number, number] = [16, 16],
): ClipSource {
  return {
    classNames: ['left', 'right'],
    labels: Array.from({ length: videos }, (_, video) => video % 2),
    fingerprint: `moving squares ${seed}`,
    clip: async (video, { frames }): Promise<Clip> => {
      const [top = 0, left = 0, ...ground] = randomUniform(
        randomKey('square', seed, video),
        2 + rows * columns,
      );
      const side = Math.floor(rows / 3);
      const pixels = new Uint8Array(frames * rows * columns * 3);
      for (let at = 0; at < pixels.length; at++) {
        pixels[at] = 60 + 60 * (ground[Math.floor(at / 3) % (rows * columns)] as number);
      }
      const pace = Math.floor(columns / 8) * (video % 2 === 0 ? -1 : 1);
      for (let frame = 0; frame < frames; frame++) {
        for (let row = 0; row < side; row++) {
          for (let column = 0; column < side; column++) {
            const down = Math.floor(top * (rows - side)) + row;
            const across =
              (Math.floor(left * columns) + column + pace * frame + frames * columns) % columns;
            const at = 3 * ((frame * rows + down) * columns + across);
            pixels.fill(255, at, at + 3);
          }
        }
      }
      return { frames, rows, columns, pixels };
    },
  };
}
