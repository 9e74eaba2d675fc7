// Loops, and powers in a table: tables of half precision have hundreds of millions of numbers, and `from` takes 100 ns for each.

/** 2 ** (exponent - 15) */
const powers = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 15));

/** float32 from the bits of IEEE 754 binary16 values. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const floats = new Float32Array(bits.length);
  for (let at = 0; at < bits.length; at++) floats[at] = float16(bits[at] as number);
  return floats;
}

function float16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * (powers[exponent] as number);
}

/** float32 from the bits of bfloat16 values: the upper half of a float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const floats = new Uint32Array(bits.length);
  for (let at = 0; at < bits.length; at++) floats[at] = (bits[at] as number) << 16;
  return new Float32Array(floats.buffer);
}

/** float32 from the bits of FP8 numbers with 4 bits of exponent and 3 of fraction, which have no infinities (OCP's E4M3). */
export function e4m3ToFloat32(bits: Uint8Array): Float32Array {
  return fromTable(bits, (byte) => {
    const sign = byte & 0x80 ? -1 : 1;
    const exponent = (byte >> 3) & 0xf;
    const fraction = byte & 7;
    if ((byte & 0x7f) === 0x7f) return Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -9;
    return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
  });
}

/** float32 from the bits of FP8 numbers with 5 bits of exponent and 2 of fraction (OCP's E5M2): the upper byte of a float16. */
export function e5m2ToFloat32(bits: Uint8Array): Float32Array {
  return fromTable(bits, (byte) => float16(byte << 8));
}

function fromTable(bits: Uint8Array, value: (byte: number) => number): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, byte) => value(byte));
  const floats = new Float32Array(bits.length);
  for (let at = 0; at < bits.length; at++) floats[at] = table[bits[at] as number] as number;
  return floats;
}
