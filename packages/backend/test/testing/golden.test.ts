import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGolden } from '../../src/testing/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'golden-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function golden(text: string): URL {
  const file = join(folder, 'numbers.json');
  writeFileSync(file, text);
  return pathToFileURL(file);
}

it('gives back what another implementation wrote', () => {
  const content = {
    meta: { torch: '2.4.0' },
    arrays: {
      x: { dtype: 'float32', shape: [2, 1], data: [0.5, -1e-30] },
      step: { dtype: 'int32', shape: [], data: [3] },
      none: { dtype: 'float32', shape: [0, 4], data: [] },
    },
  };
  expect(readGolden(golden(JSON.stringify(content)))).toEqual(content);
});

it.each([
  { text: '{}', message: 'must hold an object with "meta" and "arrays"' },
  { text: 'null', message: 'must hold an object with "meta" and "arrays"' },
  {
    text: '{"meta":{},"arrays":{"x":{"dtype":"float32","shape":[2,2],"data":[1,2,3]}}}',
    message: 'array "x" of shape [2,2] has 3 numbers; it must have 4',
  },
  {
    text: '{"meta":{},"arrays":{"x":{"dtype":"float32","shape":[2],"data":[1,null]}}}',
    message: 'array "x" has null at 1; it must be finite',
  },
])('refuses $text', ({ text, message }) => {
  expect(() => readGolden(golden(text))).toThrow(message);
});
