/**
 * Rotates square grey images by whole degrees about their centre, with cubic splines: what
 * `scipy.ndimage.rotate(image, degrees, reshape=False)` answers, zero outside of the image.
 *
 * The sine and cosine are rounded to multiples of 2^-36, because their last bits differ between engines and those
 * of the other operations do not: the bytes are the same on every machine.
 *
 * @param images `[N, side, side]` bytes.
 * @param degrees Angle of each image, an integer.
 * @param geometries What is known of each angle for this side; calls that share it work it out once.
 * @returns `[N, side, side]` bytes.
 */
export function rotateImages(
  images: Uint8Array,
  side: number,
  degrees: ArrayLike<number>,
  geometries: Map<number, Geometry> = new Map(),
): Uint8Array {
  const imageSize = side * side;
  const rotated = new Uint8Array(images.length);
  // Spline coefficients, with two more rows and columns on each side, mirrored about the outermost pixels.
  const padded = side + 4;
  const coefficients = new Float64Array(padded * padded);
  for (let image = 0; image < degrees.length; image++) {
    const angle = degrees[image] ?? 0;
    let geometry = geometries.get(angle);
    if (!geometry) {
      geometry = rotationGeometry(side, angle);
      geometries.set(angle, geometry);
    }
    const start = image * imageSize;
    splineCoefficients(images.subarray(start, start + imageSize), side, coefficients);
    interpolate(geometry, coefficients, padded, rotated.subarray(start, start + imageSize));
  }
  return rotated;
}

/** Where the pixels of a rotated image read, for those that read within the image. */
export interface Geometry {
  readonly pixels: Uint16Array;
  /** The place of the first of 4 x 4 coefficients. */
  readonly corners: Uint16Array;
  /** Four for rows and four for columns, per pixel. */
  readonly weights: Float64Array;
}

function rotationGeometry(side: number, degrees: number): Geometry {
  const cos = roundTo36Bits(Math.cos((degrees * Math.PI) / 180));
  const sin = roundTo36Bits(Math.sin((degrees * Math.PI) / 180));
  const centre = (side - 1) / 2;
  const padded = side + 4;
  const pixels: number[] = [];
  const corners: number[] = [];
  const weights: number[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const y = cos * (row - centre) + sin * (column - centre) + centre;
      const x = -sin * (row - centre) + cos * (column - centre) + centre;
      if (y < 0 || x < 0 || y > side - 1 || x > side - 1) continue;
      pixels.push(row * side + column);
      // The taps begin one pixel before, and the padding moves all by two.
      corners.push((Math.floor(y) + 1) * padded + Math.floor(x) + 1);
      weights.push(...splineWeights(y - Math.floor(y)), ...splineWeights(x - Math.floor(x)));
    }
  }
  return {
    pixels: Uint16Array.from(pixels),
    corners: Uint16Array.from(corners),
    weights: Float64Array.from(weights),
  };
}

function roundTo36Bits(value: number): number {
  return Math.round(value * 2 ** 36) / 2 ** 36;
}

/** The cubic B-spline at the four grid points around a point `fraction` after the second. */
function splineWeights(fraction: number): [number, number, number, number] {
  const rest = 1 - fraction;
  const first = (rest * rest * rest) / 6;
  const second = (fraction * fraction * (fraction - 2) * 3 + 4) / 6;
  const third = (rest * rest * (rest - 2) * 3 + 4) / 6;
  return [first, second, third, 1 - first - second - third];
}

function interpolate(
  { pixels, corners, weights }: Geometry,
  coefficients: Float64Array,
  padded: number,
  out: Uint8Array,
): void {
  for (let at = 0; at < pixels.length; at++) {
    const corner = corners[at] ?? 0;
    const first = 8 * at + 4;
    const w0 = weights[first] ?? 0;
    const w1 = weights[first + 1] ?? 0;
    const w2 = weights[first + 2] ?? 0;
    const w3 = weights[first + 3] ?? 0;
    let value = 0;
    for (let row = 0; row < 4; row++) {
      const from = corner + row * padded;
      // In this order, which decides the last bit.
      const sum =
        w0 * (coefficients[from] ?? 0) +
        w1 * (coefficients[from + 1] ?? 0) +
        w2 * (coefficients[from + 2] ?? 0) +
        w3 * (coefficients[from + 3] ?? 0);
      value += (weights[8 * at + row] ?? 0) * sum;
    }
    out[pixels[at] ?? 0] = Math.min(Math.max(Math.floor(value + 0.5), 0), 255);
  }
}

// Unser, Aldroubi and Eden, "B-spline signal processing", IEEE Trans. Signal Process. 41(2), 1993.
const pole = Math.sqrt(3) - 2;

/** Coefficients whose cubic spline goes through the image, mirrored about its outermost pixels. */
function splineCoefficients(image: Uint8Array, side: number, out: Float64Array): void {
  const padded = side + 4;
  out.fill(0);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      out[(row + 2) * padded + column + 2] = image[row * side + column] ?? 0;
    }
  }
  for (let line = 2; line < side + 2; line++) filterLine(out, line + 2 * padded, padded, side);
  for (let line = 2; line < side + 2; line++) filterLine(out, line * padded + 2, 1, side);
  for (let line = 2; line < side + 2; line++) mirrorEnds(out, line * padded + 2, 1, side);
  for (let line = 0; line < padded; line++) mirrorEnds(out, line + 2 * padded, padded, side);
}

function filterLine(c: Float64Array, start: number, step: number, n: number): void {
  const end = start + (n - 1) * step;
  const gain = (1 - pole) * (1 - 1 / pole);
  let power = pole;
  let first = c[start] ?? 0;
  for (let at = start + step; at < end; at += step, power *= pole) first += power * (c[at] ?? 0);
  // `power` is now pole^(n-1); the mirror image adds the values again, from the far end.
  const last = power;
  first += last * (c[end] ?? 0);
  let back = last * pole;
  for (let at = end - step; at > start; at -= step, back *= pole) first += back * (c[at] ?? 0);
  c[start] = (gain * first) / (1 - last * last);
  for (let at = start + step; at <= end; at += step) {
    c[at] = gain * (c[at] ?? 0) + pole * (c[at - step] ?? 0);
  }
  c[end] = ((pole * (c[end - step] ?? 0) + (c[end] ?? 0)) * pole) / (pole * pole - 1);
  for (let at = end - step; at >= start; at -= step) {
    c[at] = pole * ((c[at + step] ?? 0) - (c[at] ?? 0));
  }
}

function mirrorEnds(c: Float64Array, start: number, step: number, n: number): void {
  for (const distance of [1, 2]) {
    c[start - distance * step] = c[start + distance * step] ?? 0;
    c[start + (n - 1 + distance) * step] = c[start + (n - 1 - distance) * step] ?? 0;
  }
}
