import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from '../src/crc32.ts';

it("is zlib's, in one piece and in several", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      expect(crc32(first)).toBe(zlib.crc32(first));
      expect(crc32(second, crc32(first))).toBe(zlib.crc32(Buffer.concat([first, second])));
    }),
  );
});
