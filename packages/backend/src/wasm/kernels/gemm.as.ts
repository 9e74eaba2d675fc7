import { activate } from './activate.as';
import { madd } from '../../../assembly/madd.as';
import { packColumns, packRows } from '../../../assembly/pack.as';
import { rowTimesMatrix, rowTimesTransposed } from './vector.as';

// Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS 34, 2008): a panel of B stays
// in the first-level cache, a block of A in the second. V8 keeps 4 x 8 sums in registers, and spills more than that.
const MR: usize = 4;
const NR: usize = 8;
const MC: usize = 128;
const KC: usize = 256;
const NC: usize = 1024;
/** Up to this many rows, packing b costs more than reading it where it is. */
const FEW_ROWS: usize = 24;

const TILE_BYTES: usize = MR * NR * 4;
const PACKED_A_BYTES: usize = MC * KC * 4;
const PACKED_B_BYTES: usize = KC * NC * 4;

/** Bytes of memory that one thread needs beside the operands. */
export function gemmScratchBytes(): usize {
  return PACKED_A_BYTES + PACKED_B_BYTES + TILE_BYTES + NR * 4;
}

/**
 * c[4][8] = a[depth][4]' b[depth][8], plus what c held where `add`, plus `bias`[8] where it is not null. Rows of b are `bStep` bytes
 * apart, rows of c `stride`.
 */
function tile(
  a: usize,
  b: usize,
  bStep: usize,
  depth: usize,
  c: usize,
  stride: usize,
  add: bool,
  bias: usize,
  activation: u32,
  alpha: f32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = a + (depth << 4);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a += 16;
    b += bStep;
  }
  const row1 = c + stride;
  const row2 = row1 + stride;
  const row3 = row2 + stride;
  if (add) {
    c00 = f32x4.add(c00, v128.load(c));
    c01 = f32x4.add(c01, v128.load(c, 16));
    c10 = f32x4.add(c10, v128.load(row1));
    c11 = f32x4.add(c11, v128.load(row1, 16));
    c20 = f32x4.add(c20, v128.load(row2));
    c21 = f32x4.add(c21, v128.load(row2, 16));
    c30 = f32x4.add(c30, v128.load(row3));
    c31 = f32x4.add(c31, v128.load(row3, 16));
  }
  if (bias != 0) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    c00 = f32x4.add(c00, b0);
    c01 = f32x4.add(c01, b1);
    c10 = f32x4.add(c10, b0);
    c11 = f32x4.add(c11, b1);
    c20 = f32x4.add(c20, b0);
    c21 = f32x4.add(c21, b1);
    c30 = f32x4.add(c30, b0);
    c31 = f32x4.add(c31, b1);
  }
  v128.store(c, activate(c00, activation, alpha));
  v128.store(c, activate(c01, activation, alpha), 16);
  v128.store(row1, activate(c10, activation, alpha));
  v128.store(row1, activate(c11, activation, alpha), 16);
  v128.store(row2, activate(c20, activation, alpha));
  v128.store(row2, activate(c21, activation, alpha), 16);
  v128.store(row3, activate(c30, activation, alpha));
  v128.store(row3, activate(c31, activation, alpha), 16);
}

function copy(to: usize, toStride: usize, from: usize, fromStride: usize, rows: usize, columns: usize): void {
  for (let i: usize = 0; i < rows; i++) {
    memory.copy(to, from, columns << 2);
    to += toStride;
    from += fromStride;
  }
}

/** A tile at the lower or right edge of c: worked out in full beside it, and the part that exists is copied. */
function edgeTile(
  a: usize,
  b: usize,
  bStep: usize,
  depth: usize,
  c: usize,
  stride: usize,
  add: bool,
  bias: usize,
  activation: u32,
  alpha: f32,
  rows: usize,
  columns: usize,
  scratch: usize,
): void {
  if (add) copy(scratch, NR * 4, c, stride, rows, columns);
  let paddedBias: usize = 0;
  if (bias != 0) {
    paddedBias = scratch + TILE_BYTES;
    memory.copy(paddedBias, bias, columns << 2);
  }
  tile(a, b, bStep, depth, scratch, NR * 4, add, paddedBias, activation, alpha);
  copy(c, stride, scratch, NR * 4, rows, columns);
}

/**
 * Rows `m0` to `m1` and columns `n0` to `n1` of c[M, N] = act(a[M, K] b[K, N] + bias[N]), where a is stored as [K, M] with `transposeA`
 * and b as [N, K] with `transposeB`. m0 is a multiple of 4, n0 of 8. Every number is summed in the same order
 * wherever the cuts are.
 */
function multiply(
  c: usize,
  a: usize,
  b: usize,
  bias: usize,
  M: usize,
  N: usize,
  K: usize,
  transposeA: bool,
  transposeB: bool,
  activation: u32,
  alpha: f32,
  m0: usize,
  m1: usize,
  n0: usize,
  n1: usize,
  scratch: usize,
): void {
  const packedA = scratch;
  const packedB = packedA + PACKED_A_BYTES;
  const tileScratch = packedB + PACKED_B_BYTES;
  const stride = N << 2;
  if (M < MR && !transposeB) {
    for (let i: usize = 0; i < M; i++) {
      rowTimesMatrix(
        c + ((i * N + n0) << 2),
        a + ((transposeA ? i : i * K) << 2), transposeA ? M << 2 : 4,
        b + (n0 << 2), stride, K, n1 - n0, bias == 0 ? 0 : bias + (n0 << 2), activation, alpha,
        scratch,
      );
    }
    return;
  }
  if (M == 1 || (M < MR && !transposeA)) {
    for (let i: usize = 0; i < M; i++) {
      rowTimesTransposed(
        c + ((i * N + n0) << 2), a + ((i * K) << 2), b + ((n0 * K) << 2), K, n1 - n0,
        bias == 0 ? 0 : bias + (n0 << 2), activation, alpha,
      );
    }
    return;
  }
  const direct = M <= FEW_ROWS && !transposeB;
  for (let jc = n0; jc < n1; jc += NC) {
    const columns = min(NC, n1 - jc);
    let pc: usize = 0;
    do {
      const depth = min(KC, K - pc);
      const last = pc + depth == K;
      const wholeColumns = direct ? columns & ~(NR - 1) : 0;
      const fromB = b + ((transposeB ? jc * K + pc : pc * N + jc) << 2);
      if (transposeB) packRows(packedB, fromB, K << 2, columns, depth, NR);
      else packColumns(packedB, fromB + (wholeColumns << 2), stride, columns - wholeColumns, depth, NR);
      for (let ic = m0; ic < m1; ic += MC) {
        const rows = min(MC, m1 - ic);
        if (transposeA) packColumns(packedA, a + ((pc * M + ic) << 2), M << 2, rows, depth, MR);
        else packRows(packedA, a + ((ic * K + pc) << 2), K << 2, rows, depth, MR);
        for (let j: usize = 0; j < columns; j += NR) {
          const inPlace = j < wholeColumns;
          const panelB = inPlace ? fromB + (j << 2) : packedB + (((j - wholeColumns) * depth) << 2);
          const bStep = inPlace ? stride : NR << 2;
          const biasHere = last && bias != 0 ? bias + ((jc + j) << 2) : 0;
          const activationHere = last ? activation : 0;
          for (let i: usize = 0; i < rows; i += MR) {
            const panelA = packedA + ((i * depth) << 2);
            const at = c + ((ic + i) * N + jc + j << 2);
            if (i + MR <= rows && j + NR <= columns) {
              tile(panelA, panelB, bStep, depth, at, stride, pc != 0, biasHere, activationHere, alpha);
            } else {
              edgeTile(
                panelA, panelB, bStep, depth, at, stride, pc != 0, biasHere, activationHere, alpha,
                min(MR, rows - i), min(NR, columns - j), tileScratch,
              );
            }
          }
        }
      }
      pc += depth;
    } while (pc < K);
  }
}

/**
 * A part of a batch of products. Matrix i of the batch starts i * `aStride` bytes after a, i * `bStride` after b. The work is cut into units, and
 * this does those from `from` up to `to`: each panel of 4 rows of each matrix, or with `byColumns` each panel of
 * 8 columns.
 */
export function gemm(
  c: usize,
  a: usize,
  b: usize,
  bias: usize,
  M: usize,
  N: usize,
  K: usize,
  aStride: usize,
  bStride: usize,
  transposeA: bool,
  transposeB: bool,
  activation: u32,
  alpha: f32,
  byColumns: bool,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  const length = byColumns ? N : M;
  const width = byColumns ? NR : MR;
  const panels = (length + width - 1) / width;
  while (from < to) {
    const matrix = from / panels;
    const start = from - matrix * panels;
    const end = min(panels, start + to - from);
    const first = start * width;
    const past = min(length, end * width);
    multiply(
      c + ((matrix * M * N) << 2), a + matrix * aStride, b + matrix * bStride, bias,
      M, N, K, transposeA, transposeB, activation, alpha,
      byColumns ? 0 : first, byColumns ? M : past,
      byColumns ? first : 0, byColumns ? past : N,
      scratch,
    );
    from += end - start;
  }
}
