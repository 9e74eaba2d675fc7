import { columnsAt } from './scan.as';

/** y = a h + x of complex numbers, whose parts are apart. */
@inline
export function complexAdvance(
  yRe: usize,
  yIm: usize,
  aRe: usize,
  aIm: usize,
  hRe: usize,
  hIm: usize,
  xRe: usize,
  xIm: usize,
  bytes: usize,
): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const cos = v128.load(aRe + j);
    const sin = v128.load(aIm + j);
    const re = v128.load(hRe + j);
    const im = v128.load(hIm + j);
    const turned = f32x4.sub(f32x4.mul(cos, re), f32x4.mul(sin, im));
    const crossed = f32x4.add(f32x4.mul(cos, im), f32x4.mul(sin, re));
    v128.store(yRe + j, f32x4.add(turned, v128.load(xRe + j)));
    v128.store(yIm + j, f32x4.add(crossed, v128.load(xIm + j)));
  }
  for (; j < bytes; j += 4) {
    const cos = load<f32>(aRe + j);
    const sin = load<f32>(aIm + j);
    const re = load<f32>(hRe + j);
    const im = load<f32>(hIm + j);
    store<f32>(yRe + j, cos * re - sin * im + load<f32>(xRe + j));
    store<f32>(yIm + j, cos * im + sin * re + load<f32>(xIm + j));
  }
}

/** z = conj(u) v, and w is added where `added` says so. */
@inline
export function conjugateProduct(
  zRe: usize,
  zIm: usize,
  uRe: usize,
  uIm: usize,
  vRe: usize,
  vIm: usize,
  wRe: usize,
  wIm: usize,
  added: bool,
  bytes: usize,
): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const cos = v128.load(uRe + j);
    const sin = v128.load(uIm + j);
    const re = v128.load(vRe + j);
    const im = v128.load(vIm + j);
    const turned = f32x4.add(f32x4.mul(cos, re), f32x4.mul(sin, im));
    const crossed = f32x4.sub(f32x4.mul(cos, im), f32x4.mul(sin, re));
    v128.store(zRe + j, added ? f32x4.add(turned, v128.load(wRe + j)) : turned);
    v128.store(zIm + j, added ? f32x4.add(crossed, v128.load(wIm + j)) : crossed);
  }
  for (; j < bytes; j += 4) {
    const cos = load<f32>(uRe + j);
    const sin = load<f32>(uIm + j);
    const re = load<f32>(vRe + j);
    const im = load<f32>(vIm + j);
    store<f32>(zRe + j, cos * re + sin * im + (added ? load<f32>(wRe + j) : 0));
    store<f32>(zIm + j, cos * im - sin * re + (added ? load<f32>(wIm + j) : 0));
  }
}

/** h_t = a_t h_{t-1} + x_t, from h0 on, for the units `from` to `to`. */
export function complexScan(
  yRe: usize,
  yIm: usize,
  aRe: usize,
  aIm: usize,
  xRe: usize,
  xIm: usize,
  h0Re: usize,
  h0Im: usize,
  length: usize,
  inner: usize,
  line: usize,
  strip: usize,
  reverse: u32,
  from: usize,
  to: usize,
): void {
  const units = (inner + line - 1) / line;
  const row = inner << 2;
  const next = reverse ? 0 - row : row;
  for (let unit = from; unit < to; ) {
    const outer = unit / units;
    const column = (unit % units) * line;
    const columns = columnsAt(unit, to, column, inner, line, strip);
    const bytes = columns << 2;
    const state = (outer * inner + column) << 2;
    let at = ((outer * length + (reverse ? length - 1 : 0)) * inner + column) << 2;
    let hRe = h0Re + state;
    let hIm = h0Im + state;
    for (let t: usize = 0; t < length; t++) {
      complexAdvance(yRe + at, yIm + at, aRe + at, aIm + at, hRe, hIm, xRe + at, xIm + at, bytes);
      hRe = yRe + at;
      hIm = yIm + at;
      at += next;
    }
    unit += (columns + line - 1) / line;
  }
}

/**
 * dx_t = dy_t + conj(a_{t+1}) dx_{t+1}, da_t = dx_t conj(h_{t-1}) and dh0 = conj(a_0) dx_0, for the units `from` to `to`.
 */
export function complexScanGrad(
  daRe: usize,
  daIm: usize,
  dxRe: usize,
  dxIm: usize,
  dh0Re: usize,
  dh0Im: usize,
  dyRe: usize,
  dyIm: usize,
  aRe: usize,
  aIm: usize,
  yRe: usize,
  yIm: usize,
  h0Re: usize,
  h0Im: usize,
  length: usize,
  inner: usize,
  line: usize,
  strip: usize,
  reverse: u32,
  from: usize,
  to: usize,
): void {
  const units = (inner + line - 1) / line;
  const row = inner << 2;
  const next = reverse ? 0 - row : row;
  for (let unit = from; unit < to; ) {
    const outer = unit / units;
    const column = (unit % units) * line;
    const columns = columnsAt(unit, to, column, inner, line, strip);
    const bytes = columns << 2;
    const state = (outer * inner + column) << 2;
    let at = ((outer * length + (reverse ? 0 : length - 1)) * inner + column) << 2;
    memory.copy(dxRe + at, dyRe + at, bytes);
    memory.copy(dxIm + at, dyIm + at, bytes);
    for (let left = length; left > 0; left--) {
      if (left < length) {
        const later = at;
        at -= next;
        conjugateProduct(
          dxRe + at,
          dxIm + at,
          aRe + later,
          aIm + later,
          dxRe + later,
          dxIm + later,
          dyRe + at,
          dyIm + at,
          true,
          bytes,
        );
      }
      const hRe = left == 1 ? h0Re + state : yRe + at - next;
      const hIm = left == 1 ? h0Im + state : yIm + at - next;
      conjugateProduct(daRe + at, daIm + at, hRe, hIm, dxRe + at, dxIm + at, 0, 0, false, bytes);
    }
    conjugateProduct(
      dh0Re + state,
      dh0Im + state,
      aRe + at,
      aIm + at,
      dxRe + at,
      dxIm + at,
      0,
      0,
      false,
      bytes,
    );
    unit += (columns + line - 1) / line;
  }
}
