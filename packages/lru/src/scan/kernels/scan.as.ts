// The recurrence over the middle axis of [outer, T, inner]. The states of a strip of columns are in a cache when the next
// step needs them: they have just been written. A unit of work is `line` columns of one of the outer rows; neighbouring ones
// are done together, a `strip` of columns or a whole row, so that memory is read and written from one end to the other.

/** a h, and 0 where a is 0, also for an h that is not finite. */
@inline
export function kept(a: v128, h: v128): v128 {
  return v128.and(f32x4.mul(a, h), f32x4.ne(a, f32x4.splat(0)));
}

@inline
export function keptOne(a: f32, h: f32): f32 {
  return a == 0 ? 0 : a * h;
}

/** g h, and 0 where a is 0 and that is not finite. */
@inline
export function slopeOf(a: v128, g: v128, h: v128): v128 {
  const product = f32x4.mul(g, h);
  const finite = f32x4.le(f32x4.abs(product), f32x4.splat(f32.MAX_VALUE));
  return v128.and(product, v128.or(finite, f32x4.ne(a, f32x4.splat(0))));
}

@inline
export function slopeOfOne(a: f32, g: f32, h: f32): f32 {
  const product = g * h;
  return a == 0 && !(abs(product) <= f32.MAX_VALUE) ? 0 : product;
}

/** y = a h + x. */
@inline
export function advance(y: usize, a: usize, h: usize, x: usize, bytes: usize): void {
  const head = beforeVectors(y, bytes);
  let j: usize = 0;
  for (; j < head; j += 4) advanceOne(y + j, a + j, h + j, x + j);
  for (; j + 64 <= bytes; j += 64) advanceFour(y + j, a + j, h + j, x + j);
  for (; j + 16 <= bytes; j += 16) {
    v128.store(y + j, f32x4.add(kept(v128.load(a + j), v128.load(h + j)), v128.load(x + j)));
  }
  for (; j < bytes; j += 4) advanceOne(y + j, a + j, h + j, x + j);
}

/** Bytes up to the next multiple of 16, from where on no vector that is written lies in two cache lines. */
@inline
export function beforeVectors(at: usize, bytes: usize): usize {
  return min((0 - at) & 15, bytes);
}

@inline
export function advanceOne(y: usize, a: usize, h: usize, x: usize): void {
  store<f32>(y, keptOne(load<f32>(a), load<f32>(h)) + load<f32>(x));
}

/** Four vectors at constant distances, for which the compiler adds no address. */
@inline
export function advanceFour(y: usize, a: usize, h: usize, x: usize): void {
  const k0 = kept(v128.load(a), v128.load(h));
  const k1 = kept(v128.load(a, 16), v128.load(h, 16));
  const k2 = kept(v128.load(a, 32), v128.load(h, 32));
  const k3 = kept(v128.load(a, 48), v128.load(h, 48));
  v128.store(y, f32x4.add(k0, v128.load(x)));
  v128.store(y, f32x4.add(k1, v128.load(x, 16)), 16);
  v128.store(y, f32x4.add(k2, v128.load(x, 32)), 32);
  v128.store(y, f32x4.add(k3, v128.load(x, 48)), 48);
}

/** z = a g, and 0 where a is 0. */
@inline
export function keptRow(z: usize, a: usize, g: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) v128.store(z + j, kept(v128.load(a + j), v128.load(g + j)));
  for (; j < bytes; j += 4) store<f32>(z + j, keptOne(load<f32>(a + j), load<f32>(g + j)));
}

/** da = g h, as `slopeOf` has it. */
@inline
export function slopes(da: usize, a: usize, g: usize, h: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    v128.store(da + j, slopeOf(v128.load(a + j), v128.load(g + j), v128.load(h + j)));
  }
  for (; j < bytes; j += 4) {
    store<f32>(da + j, slopeOfOne(load<f32>(a + j), load<f32>(g + j), load<f32>(h + j)));
  }
}

/** g = a later + dy, of the a of the later step, and da = g h as `slopeOf` has it, of the step's own. */
@inline
export function retreat(
  g: usize,
  da: usize,
  a: usize,
  own: usize,
  later: usize,
  dy: usize,
  h: usize,
  bytes: usize,
): void {
  const head = beforeVectors(g, bytes);
  let j: usize = 0;
  for (; j < head; j += 4) retreatOne(g + j, da + j, a + j, own + j, later + j, dy + j, h + j);
  for (; j + 64 <= bytes; j += 64) retreatFour(g + j, da + j, a + j, own + j, later + j, dy + j, h + j);
  for (; j + 16 <= bytes; j += 16) {
    const sum = f32x4.add(kept(v128.load(a + j), v128.load(later + j)), v128.load(dy + j));
    v128.store(g + j, sum);
    v128.store(da + j, slopeOf(v128.load(own + j), sum, v128.load(h + j)));
  }
  for (; j < bytes; j += 4) retreatOne(g + j, da + j, a + j, own + j, later + j, dy + j, h + j);
}

@inline
export function retreatOne(
  g: usize,
  da: usize,
  a: usize,
  own: usize,
  later: usize,
  dy: usize,
  h: usize,
): void {
  const sum = keptOne(load<f32>(a), load<f32>(later)) + load<f32>(dy);
  store<f32>(g, sum);
  store<f32>(da, slopeOfOne(load<f32>(own), sum, load<f32>(h)));
}

@inline
export function retreatFour(
  g: usize,
  da: usize,
  a: usize,
  own: usize,
  later: usize,
  dy: usize,
  h: usize,
): void {
  const k0 = kept(v128.load(a), v128.load(later));
  const k1 = kept(v128.load(a, 16), v128.load(later, 16));
  const k2 = kept(v128.load(a, 32), v128.load(later, 32));
  const k3 = kept(v128.load(a, 48), v128.load(later, 48));
  const s0 = f32x4.add(k0, v128.load(dy));
  const s1 = f32x4.add(k1, v128.load(dy, 16));
  const s2 = f32x4.add(k2, v128.load(dy, 32));
  const s3 = f32x4.add(k3, v128.load(dy, 48));
  v128.store(g, s0);
  v128.store(g, s1, 16);
  v128.store(g, s2, 32);
  v128.store(g, s3, 48);
  v128.store(da, slopeOf(v128.load(own), s0, v128.load(h)));
  v128.store(da, slopeOf(v128.load(own, 16), s1, v128.load(h, 16)), 16);
  v128.store(da, slopeOf(v128.load(own, 32), s2, v128.load(h, 32)), 32);
  v128.store(da, slopeOf(v128.load(own, 48), s3, v128.load(h, 48)), 48);
}

/** The columns from `column` on that the units `unit` to `to` have in one outer row, at most a strip of whole units, but one. */
@inline
export function columnsAt(
  unit: usize,
  to: usize,
  column: usize,
  inner: usize,
  line: usize,
  strip: usize,
): usize {
  return min(min(to - unit, max(strip / line, 1)) * line, inner - column);
}

/** h_t = a_t h_{t-1} + x_t, from h0 on, for the units `from` to `to`. */
export function linearScan(
  y: usize,
  a: usize,
  x: usize,
  h0: usize,
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
    let at = ((outer * length + (reverse ? length - 1 : 0)) * inner + column) << 2;
    let h = h0 + ((outer * inner + column) << 2);
    for (let t: usize = 0; t < length; t++) {
      advance(y + at, a + at, h, x + at, bytes);
      h = y + at;
      at += next;
    }
    unit += (columns + line - 1) / line;
  }
}

/** dx_t = dy_t + a_{t+1} dx_{t+1}, da_t = dx_t h_{t-1} and dh0 = a_0 dx_0, for the units `from` to `to`. */
export function linearScanGrad(
  da: usize,
  dx: usize,
  dh0: usize,
  dy: usize,
  a: usize,
  y: usize,
  h0: usize,
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
    memory.copy(dx + at, dy + at, bytes);
    slopes(da + at, a + at, dx + at, length == 1 ? h0 + state : y + at - next, bytes);
    for (let left = length - 1; left > 0; left--) {
      const later = at;
      at -= next;
      const h = left == 1 ? h0 + state : y + at - next;
      retreat(dx + at, da + at, a + later, a + at, dx + later, dy + at, h, bytes);
    }
    keptRow(dh0 + state, a + at, dx + at, bytes);
    unit += (columns + line - 1) / line;
  }
}
