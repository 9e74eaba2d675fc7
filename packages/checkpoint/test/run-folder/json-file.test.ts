import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonDifferences, stableJson } from '../../src/run-folder/json-file.ts';

it('writes equal bytes for equal values, however their keys were put in', () => {
  expect(stableJson({ b: [{ d: 1, c: 2 }], a: null })).toBe(
    '{\n  "a": null,\n  "b": [\n    {\n      "c": 2,\n      "d": 1\n    }\n  ]\n}\n',
  );
});

it('reads back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('names every leaf that differs', () => {
  expect(
    jsonDifferences(
      { same: 1, list: [1, 2], gone: true },
      { same: 1, list: [1, 3], fresh: { x: 1 } },
    ),
  ).toEqual(['fresh: nothing became {"x":1}', 'gone: true became nothing', 'list.1: 2 became 3']);
});

it('shortens what would not fit into a line', () => {
  expect(jsonDifferences({ list: 'a'.repeat(1000) }, { list: 1 })).toEqual([
    `list: "${'a'.repeat(59)}… became 1`,
  ]);
});
