import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../kernels.generated.ts';
import { addressOf, type WasmBackend } from '../wasm/host.ts';
import { loadKernels, threadsOf } from '../wasm/load-kernels.ts';

/** What the kernel can do to each number before it is stored; the numbers are the kernel's. */
const activations = { linear: 0, relu: 1, relu6: 2, leakyrelu: 3 } as const;
export type GemmActivation = keyof typeof activations;
export const isGemmActivation = (name: string): name is GemmActivation => name in activations;

export interface Product {
  /** float32 `[..., M, K]`, or `[..., K, M]` with `transposeA`. */
  readonly a: TensorInfo;
  /** float32 `[..., K, N]`, or `[..., N, K]` with `transposeB`. The leading dimensions broadcast. */
  readonly b: TensorInfo;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** float32 `[N]`. */
  readonly bias?: TensorInfo | undefined;
  readonly activation?: GemmActivation;
  /** The slope of leakyrelu below zero. */
  readonly alpha?: number;
}

/** So many multiplications, some 80 microseconds of work, are worth waking another thread for. */
const WORTH_A_THREAD = 2_000_000;
/** A part with fewer rows or columns than this spends too much of its time packing the other side. */
const LINES = 64;

/** activation(a b + bias), as `[..., M, N]`. */
export function gemm(
  backend: WasmBackend,
  { a, b, transposeA = false, transposeB = false, bias, activation = 'linear', alpha = 0 }: Product,
): TensorInfo {
  const [aBatch, M, K] = dimensions(a, transposeA);
  const [bBatch, innerB, N] = dimensions(b, transposeB);
  util.assert(
    K === innerB,
    () =>
      `the inner dimensions of a [${a.shape}]${transposeA ? ' transposed' : ''} and b [${b.shape}]${transposeB ? ' transposed' : ''} must be equal, and were ${K} and ${innerB}`,
  );
  const batch = broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const out = backend.makeOutput([...batch, M, N], 'float32');
  const loaded = loadKernels(backend, kernelBinaries);
  const scratchBytes = loaded.exports.gemmScratchBytes();
  const at = { a: addressOf(backend, a), b: addressOf(backend, b), c: addressOf(backend, out) };
  const biasAt = bias === undefined ? 0 : addressOf(backend, bias);
  // A matrix times a column is a row times the matrix transposed, and there is a faster way for that.
  const swap = N === 1 && M > 1 && biasAt === 0;
  for (const stretch of stretches(batch, aBatch, bBatch)) {
    const left = {
      at: at.a + 4 * stretch.a * M * K,
      step: 4 * stretch.aStep * M * K,
      flip: transposeA,
    };
    const right = {
      at: at.b + 4 * stretch.b * K * N,
      step: 4 * stretch.bStep * K * N,
      flip: transposeB,
    };
    // One right-hand side for many left-hand sides: they are one tall matrix.
    const tall = stretch.bStep === 0 && !transposeA;
    const rows = tall ? stretch.length * M : M;
    const [x, y] = swap ? [flipped(right), flipped(left)] : [left, right];
    const [height, width] = swap ? [1, rows] : [rows, N];
    const matrices = tall ? 1 : stretch.length;
    // Each thread packs all of the side that is not cut: it should be the smaller one.
    const byColumns = height < 4 || (matrices < threadsOf(backend) && width > height);
    const lines = byColumns ? 8 : 4;
    const units = matrices * Math.ceil((byColumns ? width : height) / lines);
    const work = lines * (byColumns ? height : width) * K;
    const grain = Math.max(Math.ceil(WORTH_A_THREAD / work), LINES / lines);
    loaded.parallelFor(
      'gemm',
      [
        ...[at.c + 4 * stretch.c * M * N, x.at, y.at, biasAt, height, width, K, x.step, y.step],
        ...[Number(x.flip), Number(y.flip), activations[activation], alpha, Number(byColumns)],
      ],
      units,
      grain,
      scratchBytes,
    );
  }
  return out;
}

/** The batch, rows and columns of a matrix as it enters the product. */
function dimensions({ shape }: TensorInfo, transpose: boolean): [number[], number, number] {
  const [rows = 1, columns = 1] = shape.slice(-2);
  return [
    shape.slice(0, -2),
    ...((transpose ? [columns, rows] : [rows, columns]) as [number, number]),
  ];
}

interface Operand {
  readonly at: number;
  readonly step: number;
  readonly flip: boolean;
}

const flipped = (operand: Operand): Operand => ({ ...operand, flip: !operand.flip });

/** Matrices of the batch that follow each other in c, and in a and b too where their step is 1, not 0. */
interface Stretch {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly aStep: 0 | 1;
  readonly bStep: 0 | 1;
  readonly length: number;
}

/** Cuts a batch with broadcast dimensions into as few stretches as can be. */
export function stretches(
  batch: readonly number[],
  aBatch: readonly number[],
  bBatch: readonly number[],
): Stretch[] {
  const total = util.sizeFromShape([...batch]);
  if (total === 0) return [];
  const padded = (shape: readonly number[]) =>
    batch.map((_, axis) => shape[axis - batch.length + shape.length] ?? 1);
  const aShape = padded(aBatch);
  const bShape = padded(bBatch);
  const axes = batch
    .map((size, axis) => ({
      size,
      aStep: aShape[axis] === 1 ? (0 as const) : (1 as const),
      bStep: bShape[axis] === 1 ? (0 as const) : (1 as const),
    }))
    .filter(({ size }) => size > 1);
  const { aStep = 0, bStep = 0 } = axes.at(-1) ?? {};
  let length = 1;
  while (axes.at(-1)?.aStep === aStep && axes.at(-1)?.bStep === bStep)
    length *= axes.pop()?.size ?? 1;
  let found: Stretch[] = [{ a: 0, b: 0, c: 0, aStep, bStep, length }];
  let aSize = aStep === 1 ? length : 1;
  let bSize = bStep === 1 ? length : 1;
  let cSize = length;
  for (const axis of axes.reverse()) {
    const inner = found;
    found = Array.from({ length: axis.size }, (_, i) =>
      inner.map((stretch) => ({
        ...stretch,
        a: stretch.a + i * axis.aStep * aSize,
        b: stretch.b + i * axis.bStep * bSize,
        c: stretch.c + i * cSize,
      })),
    ).flat();
    if (axis.aStep === 1) aSize *= axis.size;
    if (axis.bStep === 1) bSize *= axis.size;
    cSize *= axis.size;
  }
  return found;
}
