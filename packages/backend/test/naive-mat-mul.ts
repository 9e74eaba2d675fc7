import type { ExpectedTensor } from '../src/testing/expect-close.ts';

/** What is multiplied: a `[...batchA, m, k]` and b `[...batchB, k, n]`, or their transposes. */
export interface Product {
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

export const transposes: readonly Pick<Product, 'transposeA' | 'transposeB'>[] = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
];

/** The shapes of the operands as they lie in memory, and of the result. */
export function productShapes(product: Product): { a: number[]; b: number[]; y: number[] } {
  const { batchA, batchB, m, k, n, transposeA, transposeB } = product;
  const rank = Math.max(batchA.length, batchB.length);
  const batch = Array.from({ length: rank }, (_, axis) =>
    Math.max(batchA[axis - rank + batchA.length] ?? 1, batchB[axis - rank + batchB.length] ?? 1),
  );
  return {
    a: [...batchA, ...(transposeA ? [k, m] : [m, k])],
    b: [...batchB, ...(transposeB ? [n, k] : [k, n])],
    y: [...batch, m, n],
  };
}

/** The place in an operand's batch of a place in the batch of the result. */
function broadcastIndex(index: number, out: readonly number[], own: readonly number[]): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = 1; axis <= out.length; axis++) {
    const length = out.at(-axis) ?? 1;
    const ownLength = axis <= own.length ? (own.at(-axis) ?? 1) : 1;
    if (ownLength > 1) place += (rest % length) * stride;
    stride *= ownLength;
    rest = Math.floor(rest / length);
  }
  return place;
}

/** Calls `visit` for each product of two numbers: where they lie in a and b, and their sum in y. */
function eachTerm(product: Product, visit: (inY: number, inA: number, inB: number) => void): void {
  const { batchA, batchB, m, k, n, transposeA, transposeB } = product;
  const batch = productShapes(product).y.slice(0, -2);
  for (let index = 0; index < size(batch); index++) {
    const fromA = broadcastIndex(index, batch, batchA) * m * k;
    const fromB = broadcastIndex(index, batch, batchB) * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let l = 0; l < k; l++) {
          const inA = fromA + (transposeA ? l * m + i : i * k + l);
          const inB = fromB + (transposeB ? j * k + l : l * n + j);
          visit((index * m + i) * n + j, inA, inB);
        }
      }
    }
  }
}

/** The product by plain loops. */
export function matMulNaive(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  product: Product,
): ExpectedTensor & { readonly data: Float64Array } {
  const shape = productShapes(product).y;
  const data = new Float64Array(size(shape));
  eachTerm(product, (inY, inA, inB) => {
    data[inY] = (data[inY] ?? 0) + (a[inA] ?? 0) * (b[inB] ?? 0);
  });
  return { shape, data };
}

/** The gradients of sum(dy · y) by plain loops. */
export function matMulBackwardNaive(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dy: ArrayLike<number>,
  product: Product,
): { a: Float64Array; b: Float64Array } {
  const [da, db] = [new Float64Array(a.length), new Float64Array(b.length)];
  eachTerm(product, (inY, inA, inB) => {
    da[inA] = (da[inA] ?? 0) + (dy[inY] ?? 0) * (b[inB] ?? 0);
    db[inB] = (db[inB] ?? 0) + (dy[inY] ?? 0) * (a[inA] ?? 0);
  });
  return { a: da, b: db };
}
