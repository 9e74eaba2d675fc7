import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withReports } from '../src/report.ts';
import type { Results } from '../src/results.ts';

const folder = new URL('..', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

describe('the README of the benchmarks', () => {
  it('shows what the files of results hold, and nothing else', () => {
    const results = readdirSync(new URL('results', folder))
      .sort()
      .map(
        (file) => JSON.parse(readFileSync(new URL(`results/${file}`, folder), 'utf8')) as Results,
      );
    expect(results).not.toEqual([]);
    expect(withReports(readme, results)).toBe(readme);
  });

  it('needs its markers', () => {
    expect(() => withReports('# Benchmarks', [])).toThrow('the README must hold');
  });
});
