/** Philox4x32-10 (Salmon et al., SC 2011): writes the four words of a block of random bits. */
function philox(block: u64, keyLow: u32, keyHigh: u32, words: usize): void {
  let c0 = <u32>block;
  let c1 = <u32>(block >> 32);
  let c2: u32 = 0;
  let c3: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const first = (<u64>0xd2511f53) * c0;
    const second = (<u64>0xcd9e8d57) * c2;
    c0 = <u32>(second >> 32) ^ c1 ^ keyLow;
    c1 = <u32>second;
    c2 = <u32>(first >> 32) ^ c3 ^ keyHigh;
    c3 = <u32>first;
    keyLow += 0x9e3779b9;
    keyHigh += 0xbb67ae85;
  }
  store<u32>(words, c0);
  store<u32>(words, c1, 4);
  store<u32>(words, c2, 8);
  store<u32>(words, c3, 12);
}

/**
 * What dropout multiplies the numbers from `first` on by: 0 where the number's 24 random bits are below the threshold, else
 * `kept`. Up to three numbers before y are overwritten, and up to three after its end.
 */
export function dropoutFactors(
  y: usize,
  first: u64,
  count: usize,
  threshold: u32,
  kept: f32,
  keyLow: u32,
  keyHigh: u32,
): void {
  const before = <usize>(first & 3);
  const limit = i32x4.splat(threshold);
  const factor = f32x4.splat(kept);
  let at = y - (before << 2);
  const end = y + (count << 2);
  for (let block = first >> 2; at < end; block++) {
    philox(block, keyLow, keyHigh, at);
    const bits = i32x4.shr_u(v128.load(at), 8);
    v128.store(at, v128.andnot(factor, i32x4.lt_s(bits, limit)));
    at += 16;
  }
}
