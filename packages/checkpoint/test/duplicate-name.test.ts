import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { findDuplicateName } from '../src/duplicate-name.ts';

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
