import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shortestLine, strip } from '../../src/scan/kernels/tuning.ts';

it('the kernels in C++ cut their work by the numbers of the kernels on wasm', () => {
  const header = readFileSync(new URL('../../src/scan/kernels/scan.h', import.meta.url), 'utf8');
  const constants = [...header.matchAll(/constexpr int64_t (\w+) = (\d+);/g)];
  expect(Object.fromEntries(constants.map(([, name, value]) => [name, Number(value)]))).toEqual({
    kShortestLine: shortestLine,
    kStrip: strip,
  });
});
