import { expect, it } from 'vitest';
import { checkObject } from '../src/index.ts';

it('names what is no object', () => {
  expect(() => checkObject('state', {}, 'with re and im')).not.toThrow();
  for (const [wrong, met] of [
    [null, 'null'],
    [undefined, 'undefined'],
    [3, '3'],
    [[], 'a list'],
  ]) {
    expect(() => checkObject('state', wrong, 'with re and im')).toThrow(
      new TypeError(`state was ${met}; it must be an object with re and im`),
    );
  }
});
