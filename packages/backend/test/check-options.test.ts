import { expect, it } from 'vitest';
import { checkOptions } from '../src/index.ts';

it('refuses every option that is not known, whatever its value', () => {
  const options: { readonly size?: number; readonly bias?: boolean } = { size: 1 };
  expect(() => checkOptions('linear', options, ['size', 'bias'])).not.toThrow();
  const misspelt: typeof options = Object.assign({ Size: 1, biases: undefined }, options);
  expect(() => checkOptions('linear', misspelt, ['size', 'bias'])).toThrow(
    new TypeError('linear has no option "Size", "biases"; it takes size, bias'),
  );
  expect(() => checkOptions('nothing', { size: 1 }, [])).toThrow(
    new TypeError('nothing has no option "size"; it takes none'),
  );
});
