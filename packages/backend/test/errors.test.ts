import { describe, expect, it } from 'vitest';
import { BackendError, DTypeError, hasCode, NeverendError, ShapeError } from '../src/index.ts';

describe.each([
  { type: ShapeError, name: 'ShapeError', code: 'NEVEREND_SHAPE' },
  { type: DTypeError, name: 'DTypeError', code: 'NEVEREND_DTYPE' },
  { type: BackendError, name: 'BackendError', code: 'NEVEREND_BACKEND' },
])('$name', ({ type, name, code }) => {
  const error = new type('x must be a matrix');

  it('tells its name, code and message', () => {
    expect(error).toBeInstanceOf(NeverendError);
    expect(error).toMatchObject({ name, code, message: 'x must be a matrix' });
  });

  it('knows errors of its kind, also from another copy of the package', () => {
    expect(type.isInstance(error)).toBe(true);
    expect(type.isInstance(Object.assign(new Error('x'), { code }))).toBe(true);
    expect(type.isInstance(new Error('x'))).toBe(false);
    expect(type.isInstance({ code })).toBe(false);
    expect(hasCode(error, 'NEVEREND_OTHER')).toBe(false);
  });
});

it('a BackendError carries what caused it', () => {
  const cause = new Error('no driver');
  expect(new BackendError('no GPU', { cause }).cause).toBe(cause);
});
