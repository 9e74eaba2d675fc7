import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { casesOf } from '../src/cases/index.ts';
import { writeInputs } from '../src/inputs.ts';
import type { Case, Input } from '../src/types.ts';

const folder = mkdtempSync(join(tmpdir(), 'neverend-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function numbers(input: Input): Float32Array {
  const [first] = casesOf('tiny') as [Case];
  const [written] = writeInputs({ ...first, inputs: [input] }, folder).inputs;
  const { buffer, byteOffset, byteLength } = readFileSync(written?.file ?? '');
  return new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4);
}

describe('writeInputs', () => {
  it('fills arrays larger than what is drawn, of any width, with rows that all differ', () => {
    const [rows, width] = [6304, 768];
    const values = numbers({ name: 'x', shape: [rows, width], dtype: 'float32' });
    expect(values.length).toBe(rows * width);
    const first = Array.from({ length: rows }, (_, row) => values[row * width]);
    expect(new Set(first).size).toBe(rows);
    expect(values.subarray(-width + 1).every((value) => value !== 0)).toBe(true);
  });

  it('gives numbers of the mean and deviation that are asked for', () => {
    const values = numbers({ name: 'x', shape: [10_000], dtype: 'float32', mean: 3, scale: 0.5 });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Six standard errors.
    expect(Math.abs(mean - 3)).toBeLessThan((6 * 0.5) / 100);
    expect(Math.abs(variance - 0.25)).toBeLessThan((6 * 0.25 * Math.SQRT2) / 100);
  });
});
