import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compare, disagreement } from '../src/agree.ts';
import type { Output } from '../src/types.ts';

// Here, not in a hook: the cases of a table are made before hooks run.
const folder = mkdtempSync(join(tmpdir(), 'neverend-agree-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function output(values: readonly number[], shape: readonly number[] = [values.length]): Output {
  const file = join(folder, `${count++}.f32`);
  writeFileSync(file, new Uint8Array(Float32Array.from(values).buffer));
  return { shape, file };
}

describe('disagreement', () => {
  it('passes numbers within the tolerance times the largest magnitude of the array', () => {
    expect(disagreement([output([100, 0])], [output([100, 0.0009])], 1e-5)).toBeUndefined();
    expect(disagreement([output([100, 0])], [output([100, 0.0011])], 1e-5)).toContain('1.1e-5');
  });

  it('holds arrays of small numbers to the tolerance itself', () => {
    expect(disagreement([output([1e-7])], [output([3e-6])], 1e-5)).toBeUndefined();
    expect(disagreement([output([0])], [output([2e-5])], 1e-5)).toContain('differs');
  });

  it('finds one wrong number among many, at either end', () => {
    const right = Array.from({ length: 1000 }, (_, index) => index / 1000);
    for (const at of [0, 999]) {
      expect(disagreement([output(right)], [output(right.with(at, 2))], 1e-5)).toContain('differs');
    }
  });

  it('passes a share of numbers that may be apart, and no more', () => {
    const right = Array.from({ length: 100 }, (_, index) => index / 100);
    const wrong = right.with(3, 2).with(70, 2);
    expect(disagreement([output(right)], [output(wrong)], 1e-5, 0.02)).toBeUndefined();
    expect(disagreement([output(right)], [output(wrong.with(9, 2))], 1e-5, 0.02)).toContain(
      'differs',
    );
    expect(disagreement([output(right)], [output(wrong.with(9, Number.NaN))], 1e-5, 1)).toContain(
      'NaN',
    );
  });

  it.each([
    ['NaN in the results', [output([1, Number.NaN])], [output([1, 2])]],
    ['NaN in the reference', [output([1, 2])], [output([Number.NaN, 2])]],
  ])('refuses %s', (_, outputs, reference) => {
    expect(disagreement(reference, outputs, 1e9)).toContain('NaN');
  });

  it('refuses another shape, another number of numbers, another number of arrays', () => {
    const reference = [output([1, 2, 3, 4], [2, 2])];
    expect(disagreement(reference, [output([1, 2, 3, 4], [4])], 1)).toContain('shape [4]');
    expect(disagreement(reference, [output([1, 2, 3], [2, 2])], 1)).toContain('3 numbers of 4');
    expect(disagreement(reference, [], 1)).toContain('0 arrays');
  });
});

describe('compare', () => {
  const results = (...values: number[]) =>
    new Map(values.map((value, index) => [`runner${index}`, [output([value])]]));

  it('holds all against what most agree on, also where the first is the wrong one', () => {
    const { reference, reasons } = compare(results(0, 7, 7), 1e-5);
    expect(reference).toBe('runner1');
    expect(reasons.get('runner0')).toContain('differs');
    expect([reasons.get('runner1'), reasons.get('runner2')]).toEqual([undefined, undefined]);
  });

  it('believes neither of two that differ', () => {
    const { reference, reasons } = compare(results(1, 2), 1e-5);
    expect(reference).toBeUndefined();
    expect([...reasons.values()]).toEqual(['no two runners agree', 'no two runners agree']);
  });

  it('has nothing to hold a single one against', () => {
    expect(compare(results(1), 1e-5).reasons).toEqual(new Map([['runner0', undefined]]));
  });
});
