const littleEndianHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Turns elements of the file's byte order, little-endian, into the host's, or back; in place.
 *
 * @param bytes whole elements. @param width bytes of one element.
 */
export function swapToHostOrder(
  bytes: Uint8Array,
  width: number,
  isLittleEndian: boolean = littleEndianHost,
): void {
  if (isLittleEndian || width === 1) return;
  for (let start = 0; start < bytes.length; start += width) {
    bytes.subarray(start, start + width).reverse();
  }
}
