/** Colours in rows, 3 or 4 numbers from 0 to 255 a pixel. */
export interface Pixels {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly data: Uint8Array | Float32Array;
}

/** A picture, and the same at half the size, at a quarter and so on, so that it can be drawn small without flicker. */
export type Texture = readonly Pixels[];

/** @param smallest the shorter side below which no further half is made. */
export function texture(pixels: Pixels, smallest = 8): Texture {
  const levels = [pixels];
  for (let last = pixels; Math.min(last.rows, last.columns) >= 2 * smallest; ) {
    last = halved(last);
    levels.push(last);
  }
  return levels;
}

function halved({ rows, columns, channels, data }: Pixels): Pixels {
  const half = { rows: Math.floor(rows / 2), columns: Math.floor(columns / 2), channels };
  const into = new Uint8Array(half.rows * half.columns * channels);
  const line = columns * channels;
  for (let row = 0, at = 0; row < half.rows; row++) {
    for (let column = 0; column < half.columns; column++) {
      const from = 2 * row * line + 2 * column * channels;
      for (let channel = from; channel < from + channels; channel++) {
        const sum =
          (data[channel] as number) +
          (data[channel + channels] as number) +
          (data[channel + line] as number) +
          (data[channel + line + channels] as number);
        into[at++] = (sum + 2) >> 2;
      }
    }
  }
  return { ...half, data: into };
}

/** Where a texture lies in a frame; lengths are shares of the frame's side. */
export interface Pose {
  /** Where the texture's middle is, from the frame's. */
  readonly x: number;
  readonly y: number;
  /** The length of the texture's shorter side. */
  readonly size: number;
  /** Clockwise, in radians. */
  readonly angle: number;
}

/** A square frame, `[side, side, 3]`, into which is drawn. */
export interface Frame {
  readonly side: number;
  readonly data: Float32Array;
}

/** From a frame's pixels to those of a level: `column = ax + bx·frameColumn + cx·frameRow`, likewise the row. */
interface Mapping {
  readonly level: Pixels;
  readonly column: readonly [at: number, byColumn: number, byRow: number];
  readonly row: readonly [at: number, byColumn: number, byRow: number];
}

function mapping(levels: Texture, { x, y, size, angle }: Pose, side: number): Mapping {
  const finest = levels[0] as Pixels;
  const step = Math.min(finest.rows, finest.columns) / (size * side);
  const at = Math.min(levels.length - 1, Math.max(0, Math.round(Math.log2(step) - 0.2)));
  const level = levels[at] as Pixels;
  // Levels of odd sizes lose a line: each has a scale of its own.
  const scale = Math.min(level.rows, level.columns) / (size * side);
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [fromX, fromY] = [0.5 - side * (0.5 + x), 0.5 - side * (0.5 + y)];
  return {
    level,
    column: [level.columns / 2 - 0.5 + cos * fromX + sin * fromY, cos, sin],
    row: [level.rows / 2 - 0.5 - sin * fromX + cos * fromY, -sin, cos],
  };
}

/** Fills a frame with a texture of 3 channels, which goes on beyond its edges as in mirrors. */
export function drawPlane(frame: Frame, levels: Texture, pose: Pose): void {
  const { side, data: into } = frame;
  const { level, column, row } = mapping(levels, pose, side);
  const { rows, columns, data } = level;
  for (let i = 0, at = 0; i < side; i++) {
    let u = column[0] + column[2] * i;
    let v = row[0] + row[2] * i;
    for (let j = 0; j < side; j++, at += 3, u += column[1], v += row[1]) {
      const across = mirrored(u, columns);
      const down = mirrored(v, rows);
      const u0 = across | 0;
      const v0 = down | 0;
      const fu = across - u0;
      const fv = down - v0;
      const right = u0 + 1 < columns ? 3 : 0;
      const p = 3 * (v0 * columns + u0);
      const q = v0 + 1 < rows ? p + 3 * columns : p;
      for (let channel = 0; channel < 3; channel++) {
        const above = data[p + channel] as number;
        const below = data[q + channel] as number;
        const top = above + fu * ((data[p + right + channel] as number) - above);
        const bottom = below + fu * ((data[q + right + channel] as number) - below);
        into[at + channel] = top + fv * (bottom - top);
      }
    }
  }
}

/** Brings a coordinate into [0, length - 1], turned back at the edges. */
function mirrored(at: number, length: number): number {
  const last = length - 1;
  if (at >= 0 && at <= last) return at;
  const turns = Math.abs(at) % (2 * last);
  return turns <= last ? turns : 2 * last - turns;
}

/** Draws a square texture over what is in the frame; its fourth channel says how much of it covers. */
export function drawSprite(frame: Frame, levels: Texture, pose: Pose): void {
  const { side, data: into } = frame;
  const { level, column, row } = mapping(levels, pose, side);
  const { columns, data } = level;
  const reach = Math.SQRT1_2 * pose.size;
  const first = (middle: number) => Math.max(0, Math.floor(side * (0.5 + middle - reach)));
  const last = (middle: number) => Math.min(side - 1, Math.ceil(side * (0.5 + middle + reach)));
  const end = columns - 1;
  for (let i = first(pose.y); i <= last(pose.y); i++) {
    for (let j = first(pose.x); j <= last(pose.x); j++) {
      const u = column[0] + column[1] * j + column[2] * i;
      const v = row[0] + row[1] * j + row[2] * i;
      if (u < 0 || v < 0 || u >= end || v >= end) continue;
      const u0 = u | 0;
      const v0 = v | 0;
      const fu = u - u0;
      const fv = v - v0;
      const a = (1 - fu) * (1 - fv);
      const b = fu * (1 - fv);
      const c = (1 - fu) * fv;
      const d = fu * fv;
      const p = 4 * (v0 * columns + u0);
      const q = p + 4 * columns;
      const cover =
        (a * (data[p + 3] as number) +
          b * (data[p + 7] as number) +
          c * (data[q + 3] as number) +
          d * (data[q + 7] as number)) /
        255;
      if (cover < 0.004) continue;
      const at = 3 * (i * side + j);
      for (let channel = 0; channel < 3; channel++) {
        const colour =
          a * (data[p + channel] as number) +
          b * (data[p + 4 + channel] as number) +
          c * (data[q + channel] as number) +
          d * (data[q + 4 + channel] as number);
        into[at + channel] = (into[at + channel] as number) * (1 - cover) + cover * colour;
      }
    }
  }
}
