import { expect, it } from 'vitest';
import { type NpzOptions, openNpz } from '../src/index.ts';
import { openNpzFile, readNpz } from '../src/node.ts';
import { zip } from './fixtures/npz-builder.ts';

const options: NpzOptions = Object.assign({ maxArrayBytes: 1 }, { maxBytes: 1 });
const nowhere = '/nowhere/a.npz';

// The options are looked at before the file is.
it.each([
  ['openNpz', () => openNpz(zip([]), options)],
  ['openNpzFile', () => openNpzFile(nowhere, options)],
  ['readNpz', () => readNpz(nowhere, options).next()],
])('%s refuses an option that there is not', async (owner, call) => {
  await expect(call()).rejects.toThrow(
    new TypeError(`${owner} has no option "maxBytes"; it takes maxArrayBytes, voidAsBfloat16`),
  );
});
