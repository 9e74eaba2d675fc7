import { loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';
import { columnsAt } from './scan.as';

/** x where the complex a is not 0, else 0. */
@inline
export function where(x: v128, aRe: v128, aIm: v128): v128 {
  const zero = f32x4.splat(0);
  return v128.and(x, v128.or(f32x4.ne(aRe, zero), f32x4.ne(aIm, zero)));
}

/** y = a h + x of complex numbers, whose parts are apart; without a h where a is 0. */
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
  for (let j: usize = 0; j < bytes; j += 16) {
    const lanes = min(4, (bytes - j) >> 2);
    const cos = loadLanes(aRe + j, lanes);
    const sin = loadLanes(aIm + j, lanes);
    const re = loadLanes(hRe + j, lanes);
    const im = loadLanes(hIm + j, lanes);
    const turned = where(f32x4.sub(f32x4.mul(cos, re), f32x4.mul(sin, im)), cos, sin);
    const crossed = where(f32x4.add(f32x4.mul(cos, im), f32x4.mul(sin, re)), cos, sin);
    storeLanes(yRe + j, f32x4.add(turned, loadLanes(xRe + j, lanes)), lanes);
    storeLanes(yIm + j, f32x4.add(crossed, loadLanes(xIm + j, lanes)), lanes);
  }
}

/** z = conj(a) g, and 0 where a is 0; w is added where `added` says so. */
@inline
export function complexRetreat(
  zRe: usize,
  zIm: usize,
  aRe: usize,
  aIm: usize,
  gRe: usize,
  gIm: usize,
  wRe: usize,
  wIm: usize,
  added: bool,
  bytes: usize,
): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    const lanes = min(4, (bytes - j) >> 2);
    const cos = loadLanes(aRe + j, lanes);
    const sin = loadLanes(aIm + j, lanes);
    const re = loadLanes(gRe + j, lanes);
    const im = loadLanes(gIm + j, lanes);
    const turned = where(f32x4.add(f32x4.mul(cos, re), f32x4.mul(sin, im)), cos, sin);
    const crossed = where(f32x4.sub(f32x4.mul(cos, im), f32x4.mul(sin, re)), cos, sin);
    storeLanes(zRe + j, added ? f32x4.add(turned, loadLanes(wRe + j, lanes)) : turned, lanes);
    storeLanes(zIm + j, added ? f32x4.add(crossed, loadLanes(wIm + j, lanes)) : crossed, lanes);
  }
}

/** da = g conj(h), and 0 where a is 0 and that is not finite. */
@inline
export function complexSlopes(
  daRe: usize,
  daIm: usize,
  aRe: usize,
  aIm: usize,
  gRe: usize,
  gIm: usize,
  hRe: usize,
  hIm: usize,
  bytes: usize,
): void {
  const largest = f32x4.splat(f32.MAX_VALUE);
  for (let j: usize = 0; j < bytes; j += 16) {
    const lanes = min(4, (bytes - j) >> 2);
    const cos = loadLanes(aRe + j, lanes);
    const sin = loadLanes(aIm + j, lanes);
    const re = loadLanes(gRe + j, lanes);
    const im = loadLanes(gIm + j, lanes);
    const stateRe = loadLanes(hRe + j, lanes);
    const stateIm = loadLanes(hIm + j, lanes);
    const turned = f32x4.add(f32x4.mul(stateRe, re), f32x4.mul(stateIm, im));
    const crossed = f32x4.sub(f32x4.mul(stateRe, im), f32x4.mul(stateIm, re));
    const counted = v128.bitselect(turned, where(turned, cos, sin), f32x4.le(f32x4.abs(turned), largest));
    const countedIm = v128.bitselect(crossed, where(crossed, cos, sin), f32x4.le(f32x4.abs(crossed), largest));
    storeLanes(daRe + j, counted, lanes);
    storeLanes(daIm + j, countedIm, lanes);
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
        complexRetreat(
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
      complexSlopes(daRe + at, daIm + at, aRe + at, aIm + at, dxRe + at, dxIm + at, hRe, hIm, bytes);
    }
    complexRetreat(
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
