/** Writes lane i of the four vectors side by side, for i = 0 to 3, `step` bytes apart. */
@inline
export function storeTransposed(to: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/**
 * Packs a matrix that has the panel's lines as its rows: `lines` rows of `depth` floats, `stride` bytes apart, into
 * panels `[depth][width]` of `width` (4 or 8) lines each. Missing lines of the last panel become zeros.
 */
export function packRows(
  to: usize,
  from: usize,
  stride: usize,
  lines: usize,
  depth: usize,
  width: usize,
): void {
  const step = width << 2;
  for (let line: usize = 0; line < lines; line += width) {
    for (let part: usize = 0; part < width; part += 4) {
      const base = from + (line + part) * stride;
      let out = to + (part << 2);
      const left = line + part < lines ? lines - line - part : 0;
      let k: usize = 0;
      if (left >= 4) {
        let r0 = base;
        let r1 = base + stride;
        let r2 = r1 + stride;
        let r3 = r2 + stride;
        for (; k + 4 <= depth; k += 4) {
          const v0 = v128.load(r0);
          const v1 = v128.load(r1);
          storeTransposed(out, step, v0, v1, v128.load(r2), v128.load(r3));
          r0 += 16;
          r1 += 16;
          r2 += 16;
          r3 += 16;
          out += step << 2;
        }
      }
      for (; k < depth; k++) {
        const at = base + (k << 2);
        for (let i: usize = 0; i < 4; i++) {
          store<f32>(out + (i << 2), i < left ? load<f32>(at + i * stride) : 0);
        }
        out += step;
      }
    }
    to += depth * step;
  }
}

/**
 * Packs a matrix that has the panel's lines as its columns: `depth` rows of `lines` floats, `stride` bytes apart,
 * into panels `[depth][width]` of `width` (4 or 8) lines each. Missing lines of the last panel become zeros.
 */
export function packColumns(
  to: usize,
  from: usize,
  stride: usize,
  lines: usize,
  depth: usize,
  width: usize,
): void {
  const step = width << 2;
  const panel = depth * step;
  const whole = lines - (lines % width);
  const rest = lines - whole;
  let k: usize = 0;
  // Four rows at a time fill whole cache lines of each panel while the rows are read in order.
  for (; k + 4 <= depth; k += 4) {
    let row = from + k * stride;
    let out = to + k * step;
    for (let line: usize = 0; line < whole; line += width) {
      const row1 = row + stride;
      const row2 = row1 + stride;
      const row3 = row2 + stride;
      v128.store(out, v128.load(row));
      v128.store(out + step, v128.load(row1));
      v128.store(out + 2 * step, v128.load(row2));
      v128.store(out + 3 * step, v128.load(row3));
      if (width == 8) {
        v128.store(out, v128.load(row, 16), 16);
        v128.store(out + step, v128.load(row1, 16), 16);
        v128.store(out + 2 * step, v128.load(row2, 16), 16);
        v128.store(out + 3 * step, v128.load(row3, 16), 16);
      }
      row += step;
      out += panel;
    }
  }
  for (; k < depth; k++) {
    let row = from + k * stride;
    let out = to + k * step;
    for (let line: usize = 0; line < whole; line += width) {
      v128.store(out, v128.load(row));
      if (width == 8) v128.store(out, v128.load(row, 16), 16);
      row += step;
      out += panel;
    }
  }
  if (rest == 0) return;
  let row = from + (whole << 2);
  let out = to + (whole << 2) * depth;
  for (k = 0; k < depth; k++) {
    for (let i: usize = 0; i < width; i++) {
      store<f32>(out + (i << 2), i < rest ? load<f32>(row + (i << 2)) : 0);
    }
    row += stride;
    out += step;
  }
}
