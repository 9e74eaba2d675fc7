import { decodeVideo } from '@neverend/trecvit/node';
import type { Clip } from '@neverend/trecvit/training';
import type { MotionName } from '@neverend/trecvit-motions';
import {
  drawPlane,
  type Frame,
  type Pose,
  type Texture,
  texture,
} from '../../src/motions/clips/texture.ts';

/** Some pictures of a real clip, one a tick. */
export async function picturesOf(
  path: string,
  from: number,
  count: number,
  framesPerSecond: number,
): Promise<Texture[]> {
  const textures: Texture[] = [];
  for await (const { rows, columns, pixels } of decodeVideo(path, { from, framesPerSecond })) {
    textures.push(texture({ rows, columns, channels: 3, data: pixels }));
    if (textures.length === count) break;
  }
  return textures;
}

/** Where a window over a picture is after a share of the time, as a camera moves: the picture goes the other way. */
function poseAt(motion: MotionName, share: number, begin: { x: number; y: number }): Pose {
  const still = { ...begin, size: 1.8, angle: 0 };
  const way = 0.45 * (share - 0.5);
  switch (motion) {
    case 'left':
      return { ...still, x: begin.x - way };
    case 'right':
      return { ...still, x: begin.x + way };
    case 'up':
      return { ...still, y: begin.y - way };
    case 'down':
      return { ...still, y: begin.y + way };
    case 'nearer':
      return { ...still, x: 0, y: 0, size: 1.8 * 1.8 ** (share - 0.5) };
    case 'further':
      return { ...still, x: 0, y: 0, size: 1.8 * 1.8 ** (0.5 - share) };
    case 'turning':
      return { ...still, x: 0, y: 0, angle: 1.2 * (share - 0.5) };
    case 'still':
      return still;
  }
}

/** A real clip, in which things move by themselves, seen through a window that moves over it. */
export function movedWindow(
  pictures: readonly Texture[],
  motion: MotionName,
  side: number,
  begin: { x: number; y: number },
): Clip {
  const frames = pictures.length;
  const size = side * side * 3;
  const pixels = new Uint8Array(frames * size);
  const frame: Frame = { side, data: new Float32Array(size) };
  for (const [index, picture] of pictures.entries()) {
    drawPlane(frame, picture, poseAt(motion, index / (frames - 1), begin));
    pixels.set(frame.data, index * size);
  }
  return { frames, rows: side, columns: side, pixels };
}
