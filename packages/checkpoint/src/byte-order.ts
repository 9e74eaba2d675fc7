/** Whether elements in memory have the byte order that they have in safetensors files. */
export const littleEndianHost: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Turns elements of a file's byte order into the host's, or back; in place.
 *
 * @param bytes whole elements. @param width bytes of one element.
 */
export function swapToHostOrder(
  bytes: Uint8Array,
  width: number,
  littleEndianFile = true,
  isLittleEndian: boolean = littleEndianHost,
): void {
  if (isLittleEndian === littleEndianFile || width === 1) return;
  for (let start = 0; start < bytes.length; start += width) {
    for (let [low, high] = [start, start + width - 1]; low < high; low++, high--) {
      const byte = bytes[low] ?? 0;
      bytes[low] = bytes[high] ?? 0;
      bytes[high] = byte;
    }
  }
}
