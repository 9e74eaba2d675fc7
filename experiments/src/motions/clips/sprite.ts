import type { Draws } from './draws.ts';
import type { Materials } from './materials.ts';
import { drawPlane, type Frame, type Texture, texture } from './texture.ts';

const side = 48;
const digitSide = 28;
/** In how many directions the reach of an outline is known. */
const rays = 256;

/** A thing to move: a piece of a photograph with an outline, or a digit. */
export function drawnSprite(draws: Draws, { photographs, digits }: Materials): Texture {
  const isDigit = draws.chance(0.25);
  const cover = isDigit ? digitCover(draws, digits) : outlineCover(draws);
  const colours: Frame = { side, data: new Float32Array(side * side * 3) };
  if (isDigit && draws.chance(0.6)) {
    const colour = [draws.between(0, 255), draws.between(0, 255), draws.between(0, 255)];
    for (let at = 0; at < colours.data.length; at++) colours.data[at] = colour[at % 3] as number;
  } else {
    drawPlane(colours, draws.of(photographs), {
      x: draws.between(-1, 1),
      y: draws.between(-1, 1),
      size: draws.ratio(1.2, 4),
      angle: draws.between(0, 2 * Math.PI),
    });
    tint(colours.data, draws);
  }
  const data = new Uint8Array(side * side * 4);
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[4 * pixel + channel] = colours.data[3 * pixel + channel] as number;
    }
    data[4 * pixel + 3] = cover[pixel] as number;
  }
  return texture({ rows: side, columns: side, channels: 4, data });
}

/** Other colours: each channel's contrast and lightness changes a little. */
function tint(colours: Float32Array, draws: Draws): void {
  const contrast = draws.between(0.7, 1.3);
  const shift = [0, 1, 2].map(() => draws.between(-40, 40));
  for (let at = 0; at < colours.length; at++) {
    const value = 128 + contrast * ((colours[at] as number) - 128) + (shift[at % 3] as number);
    colours[at] = Math.max(0, Math.min(255, value));
  }
}

/** A random digit, as it is in MNIST but thicker, in the middle of the square. */
function digitCover(draws: Draws, digits: Uint8Array): Uint8Array {
  const from = digitSide ** 2 * draws.below(digits.length / digitSide ** 2);
  const cover = new Uint8Array(side * side);
  const at = (row: number, column: number) => digits[from + digitSide * row + column] as number;
  for (let row = 0, to = 0; row < side; row++) {
    // The digit itself takes the middle 20 pixels of 28.
    const v = 2.5 + ((row + 0.5) * 22) / side;
    const v0 = Math.floor(v);
    for (let column = 0; column < side; column++) {
      const u = 2.5 + ((column + 0.5) * 22) / side;
      const u0 = Math.floor(u);
      const top = at(v0, u0) + (u - u0) * (at(v0, u0 + 1) - at(v0, u0));
      const bottom = at(v0 + 1, u0) + (u - u0) * (at(v0 + 1, u0 + 1) - at(v0 + 1, u0));
      cover[to++] = Math.min(255, 1.6 * (top + (v - v0) * (bottom - top)));
    }
  }
  return cover;
}

/** A random outline, from ellipses to boxes, with bulges; its longer half axis touches the square. */
function outlineCover(draws: Draws): Uint8Array {
  const power = draws.ratio(2, 8);
  const aspect = draws.between(0.55, 1);
  const bulges = [2, 3, 5].map((waves) => ({
    waves,
    height: draws.between(0, 0.12),
    phase: draws.between(0, 2 * Math.PI),
  }));
  const softness = draws.between(8, 20);
  const reach = Float64Array.from({ length: rays }, (_, ray) => {
    const angle = (2 * Math.PI * ray) / rays;
    const [u, v] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle) / aspect)];
    const swing = bulges.reduce(
      (sum, { waves, height, phase }) => sum + height * (Math.cos(waves * angle + phase) - 1),
      0.9,
    );
    return swing / (u ** power + v ** power) ** (1 / power);
  });
  const cover = new Uint8Array(side * side);
  for (let row = 0, at = 0; row < side; row++) {
    const v = (2 * (row + 0.5)) / side - 1;
    for (let column = 0; column < side; column++) {
      const u = (2 * (column + 0.5)) / side - 1;
      const ray = Math.round((rays * Math.atan2(v, u)) / (2 * Math.PI) + rays) % rays;
      const inside = softness * ((reach[ray] as number) - Math.sqrt(u * u + v * v));
      cover[at++] = 255 * Math.max(0, Math.min(1, inside));
    }
  }
  return cover;
}
