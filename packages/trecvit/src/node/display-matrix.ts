/** How pictures are to be turned before they are shown. */
export interface Turn {
  /** Clockwise. */
  readonly degrees: 0 | 90 | 180 | 270;
  /** Whether left and right are to be changed first. */
  readonly mirrored: boolean;
}

const upright: Turn = { degrees: 0, mirrored: false };

/**
 * What a display matrix says: nine int32, of which the first two of the first two lines are 16.16 fixed point and turn the picture
 * (libavutil/display.h).
 *
 * @returns undefined where it turns by something else than quarters.
 */
export function turnOf(matrix: Uint8Array | null): Turn | undefined {
  if (matrix === null || matrix.length < 36) return upright;
  const view = new DataView(matrix.buffer, matrix.byteOffset, matrix.length);
  // FFmpeg keeps them in the machine's order, and it is built for little-endian machines alone.
  const values = [0, 1, 3, 4].map((index) => view.getInt32(4 * index, true));
  const largest = Math.max(1, ...values.map(Math.abs));
  return turns[values.map((value) => Math.round(value / largest)).join(' ')];
}

/** By the a, b, c and d, for which x' = a x + c y and y' = b x + d y, y downwards. */
const turns: Readonly<Record<string, Turn>> = {
  '0 0 0 0': upright,
  '1 0 0 1': upright,
  '0 1 -1 0': { degrees: 90, mirrored: false },
  '-1 0 0 -1': { degrees: 180, mirrored: false },
  '0 -1 1 0': { degrees: 270, mirrored: false },
  '-1 0 0 1': { degrees: 0, mirrored: true },
  '0 1 1 0': { degrees: 270, mirrored: true },
  '1 0 0 -1': { degrees: 180, mirrored: true },
  '0 -1 -1 0': { degrees: 90, mirrored: true },
};
