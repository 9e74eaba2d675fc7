import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../src/parse-json.ts';

const findDuplicateName = (json: string) => parseJson(json).twice;

it('finds a name that one object has twice, at any depth and however it is escaped', () => {
  expect(findDuplicateName('{"a":1,"b":2,"a":3}')).toBe('a');
  expect(findDuplicateName('{"x":{"a":1 , "\\u0061" : 2}}')).toBe('a');
  expect(findDuplicateName('[{"a\\"":[1,{}],"a\\"":2}]')).toBe('a"');
  expect(findDuplicateName('{"":0,"":0}')).toBe('');
});

it('takes equal names in different objects, and strings that look like names', () => {
  expect(findDuplicateName('{"a":{"a":"a"},"b":{"a":["a","a"]},"c":":\\"a\\":{"}')).toBeUndefined();
});

it('finds none in any text that JSON.stringify makes, and any name that is put in twice', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (object, extra) => {
      const json = JSON.stringify(object);
      expect(findDuplicateName(json)).toBeUndefined();
      const name = Object.keys(object)[0] ?? extra;
      const twice = `{${JSON.stringify(name)}:1,"x":${json},${JSON.stringify(name)}:2}`;
      expect(findDuplicateName(twice)).toBe(name);
    }),
  );
});

it('gives what JSON.stringify was given, and reads names with escapes apart', () => {
  // After names that end with a backslash Node 24 reads names that go on with an escape as these.
  for (const name of ['"', '\n', 'weight"', '\u{1f600}\t']) {
    JSON.parse(JSON.stringify({ h: [], [`${name.slice(0, -1)}\\`]: 0 }));
    const json = JSON.stringify({ h: 1, [name]: { [name]: [{ [name]: null }] } });
    expect(JSON.stringify(parseJson(json).value)).toBe(json);
  }
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const json = JSON.stringify(object);
      expect(JSON.stringify(parseJson(json).value)).toBe(json);
    }),
  );
  expect(() => parseJson('{"a" 1}')).toThrow(SyntaxError);
});
