import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withReports } from '../src/report.ts';
import { readResults } from '../src/result-files.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README of the benchmarks', () => {
  it('shows what the files of results hold, and nothing else', () => {
    expect(withReports(readme, readResults())).toBe(readme);
  });

  it('needs its markers', () => {
    expect(() => withReports('# Benchmarks', [])).toThrow('the README must hold');
  });
});
