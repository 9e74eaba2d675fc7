// The recurrence over the middle axis of [outer, T, inner]. The states of a strip of columns are in the first-level cache
// when the next step needs them: they have just been written. A unit of work is 16 columns of one of the outer rows;
// neighbouring ones are done together, so that memory is read in long runs.

/** Columns of a unit of work: a cache line. */
const LINE: usize = 16;

/** Columns at once: four rows of them fit into the first-level cache. */
const STRIP: usize = 1024;

/** y = a h + x. */
@inline
export function advance(y: usize, a: usize, h: usize, x: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const kept = f32x4.mul(v128.load(a + j), v128.load(h + j));
    v128.store(y + j, f32x4.add(kept, v128.load(x + j)));
  }
  for (; j < bytes; j += 4) {
    store<f32>(y + j, load<f32>(a + j) * load<f32>(h + j) + load<f32>(x + j));
  }
}

/** z = x y. */
@inline
export function multiply(z: usize, x: usize, y: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    v128.store(z + j, f32x4.mul(v128.load(x + j), v128.load(y + j)));
  }
  for (; j < bytes; j += 4) store<f32>(z + j, load<f32>(x + j) * load<f32>(y + j));
}

/** g = a later + dy, da = g h. */
@inline
export function retreat(
  g: usize,
  da: usize,
  a: usize,
  later: usize,
  dy: usize,
  h: usize,
  bytes: usize,
): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const kept = f32x4.mul(v128.load(a + j), v128.load(later + j));
    const sum = f32x4.add(kept, v128.load(dy + j));
    v128.store(g + j, sum);
    v128.store(da + j, f32x4.mul(sum, v128.load(h + j)));
  }
  for (; j < bytes; j += 4) {
    const sum = load<f32>(a + j) * load<f32>(later + j) + load<f32>(dy + j);
    store<f32>(g + j, sum);
    store<f32>(da + j, sum * load<f32>(h + j));
  }
}

/** The columns from `column` on that the units `unit` to `to` have in one outer row, at most a strip. */
@inline
export function columnsAt(unit: usize, to: usize, column: usize, inner: usize): usize {
  return min(min((to - unit) * LINE, STRIP), inner - column);
}

/** h_t = a_t h_{t-1} + x_t, from h0 on, for the units `from` to `to`. */
export function linearScan(
  y: usize,
  a: usize,
  x: usize,
  h0: usize,
  length: usize,
  inner: usize,
  reverse: u32,
  from: usize,
  to: usize,
): void {
  const units = (inner + LINE - 1) / LINE;
  const row = inner << 2;
  const next = reverse ? 0 - row : row;
  for (let unit = from; unit < to; ) {
    const outer = unit / units;
    const column = (unit % units) * LINE;
    const columns = columnsAt(unit, to, column, inner);
    const bytes = columns << 2;
    let at = ((outer * length + (reverse ? length - 1 : 0)) * inner + column) << 2;
    let h = h0 + ((outer * inner + column) << 2);
    for (let t: usize = 0; t < length; t++) {
      advance(y + at, a + at, h, x + at, bytes);
      h = y + at;
      at += next;
    }
    unit += (columns + LINE - 1) / LINE;
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
  reverse: u32,
  from: usize,
  to: usize,
): void {
  const units = (inner + LINE - 1) / LINE;
  const row = inner << 2;
  const next = reverse ? 0 - row : row;
  for (let unit = from; unit < to; ) {
    const outer = unit / units;
    const column = (unit % units) * LINE;
    const columns = columnsAt(unit, to, column, inner);
    const bytes = columns << 2;
    const state = (outer * inner + column) << 2;
    let at = ((outer * length + (reverse ? 0 : length - 1)) * inner + column) << 2;
    memory.copy(dx + at, dy + at, bytes);
    multiply(da + at, dx + at, length == 1 ? h0 + state : y + at - next, bytes);
    for (let left = length - 1; left > 0; left--) {
      const later = at;
      at -= next;
      const h = left == 1 ? h0 + state : y + at - next;
      retreat(dx + at, da + at, a + later, dx + later, dy + at, h, bytes);
    }
    multiply(dh0 + state, a + at, dx + at, bytes);
    unit += (columns + LINE - 1) / LINE;
  }
}
