import type { Case, Size } from '../types.ts';

interface Product {
  readonly id: string;
  /** `[batch, m, k, n]`. */
  readonly full: readonly [number, number, number, number];
  readonly tiny: readonly [number, number, number, number];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly gradient?: boolean;
}

// The largest square first: it is the GEMM peak of the machine.
const products: readonly Product[] = [
  { id: 'matmul-2048', full: [1, 2048, 2048, 2048], tiny: [1, 33, 31, 29] },
  { id: 'matmul-1024', full: [1, 1024, 1024, 1024], tiny: [1, 17, 19, 5] },
  { id: 'matmul-512', full: [1, 512, 512, 512], tiny: [1, 7, 9, 1] },
  { id: 'matmul-mlp', full: [1, 6304, 768, 3072], tiny: [1, 67, 13, 21] },
  { id: 'matmul-1024-ta', full: [1, 1024, 1024, 1024], tiny: [1, 11, 13, 17], transposeA: true },
  { id: 'matmul-1024-tb', full: [1, 1024, 1024, 1024], tiny: [1, 11, 13, 17], transposeB: true },
  { id: 'matmul-1024-gradient', full: [1, 1024, 1024, 1024], tiny: [1, 9, 15, 7], gradient: true },
  { id: 'matmul-batched', full: [384, 197, 64, 197], tiny: [3, 13, 5, 11] },
  { id: 'matmul-batched-tb', full: [384, 197, 64, 197], tiny: [3, 13, 5, 11], transposeB: true },
  {
    id: 'matmul-batched-gradient',
    full: [384, 197, 64, 197],
    tiny: [3, 13, 5, 11],
    gradient: true,
  },
];

export function matMulCases(size: Size): Case[] {
  return products.map(({ id, transposeA = false, transposeB = false, gradient = false, ...by }) => {
    const [batch, m, k, n] = by[size];
    const batched = (rows: number, columns: number) =>
      batch === 1 ? [rows, columns] : [batch, rows, columns];
    const a = transposeA ? batched(k, m) : batched(m, k);
    const b = transposeB ? batched(n, k) : batched(k, n);
    const letter = (shape: readonly number[], transposed: boolean) =>
      `[${shape.join(', ')}]${transposed ? 'ᵀ' : ''}`;
    return {
      id,
      title: `matMul ${letter(a, transposeA)} x ${letter(b, transposeB)}${gradient ? ', with gradients' : ''}`,
      group: 'matmul',
      op: 'matMul',
      mode: gradient ? 'gradient' : 'forward',
      attrs: { transposeA, transposeB },
      inputs: [
        { name: 'a', shape: a, dtype: 'float32' },
        { name: 'b', shape: b, dtype: 'float32' },
        ...(gradient ? [{ name: 'dy', shape: batched(m, n), dtype: 'float32' } as const] : []),
      ],
      limit: { kind: 'gemm', amount: 2 * batch * m * k * n * (gradient ? 3 : 1) },
      tolerance: 2e-5,
    };
  });
}
