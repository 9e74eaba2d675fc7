import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bfloat16ToFloat32, e4m3ToFloat32, e5m2ToFloat32, float16ToFloat32 } from '../src/half.ts';

const digests = JSON.parse(
  readFileSync(new URL('golden/half.json', import.meta.url), 'utf8'),
) as Record<string, string>;
const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

/** SHA-256 of the numbers, every NaN with the same bits. */
function digest(values: Float32Array): string {
  const bits = new Uint32Array(values.slice().buffer);
  for (const [index, value] of values.entries()) if (Number.isNaN(value)) bits[index] = 0x7fc00000;
  return createHash('sha256').update(bits).digest('hex');
}

it('turns every float16 into the float32 that NumPy makes of it', () => {
  expect(digest(float16ToFloat32(all))).toBe(digests['F16']);
});

it('turns every bfloat16 into the float32 that PyTorch makes of it', () => {
  expect(digest(bfloat16ToFloat32(all))).toBe(digests['BF16']);
});

it('turns every FP8 number into the float32 that PyTorch makes of it', () => {
  const octets = Uint8Array.from({ length: 256 }, (_, bits) => bits);
  expect(digest(e4m3ToFloat32(octets))).toBe(digests['F8_E4M3']);
  expect(digest(e5m2ToFloat32(octets))).toBe(digests['F8_E5M2']);
  expect([...e4m3ToFloat32(Uint8Array.of(0x38, 0x7e, 0x81))]).toEqual([1, 448, -(2 ** -9)]);
});
