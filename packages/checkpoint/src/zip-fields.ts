import { CheckpointError } from './checkpoint-error.ts';

/** Little-endian fields of a record of a ZIP file, by their offset in it. */
export class ZipFields {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** @throws CheckpointError above 2^53 - 1, which no file reaches. */
  u64(at: number): number {
    const value = this.#view.getBigUint64(at, true);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new CheckpointError(`the ZIP file gives a size or an offset as ${value}`);
    }
    return Number(value);
  }
}

/** A field of 32 bits with this value stands in the ZIP64 extra field instead. */
export const inZip64 = 0xffff_ffff;

/**
 * Puts the values of a record's ZIP64 extra field in place of the 32-bit fields that refer to it.
 *
 * @param values in the order of the ZIP64 field: size, compressed size, offset.
 * @throws CheckpointError when an extra field is longer than `extra` or a value is missing.
 */
export function withZip64(values: readonly number[], extra: Uint8Array, what: string): number[] {
  const fields = new ZipFields(extra);
  let zip64: Uint8Array = new Uint8Array();
  // Fewer bytes than a field has are padding: some tools align members by it.
  for (let at = 0; at + 4 <= extra.length; ) {
    const start = at + 4;
    const end = start + fields.u16(at + 2);
    if (end > extra.length) {
      throw new CheckpointError(`${what} has extra fields that are cut off`);
    }
    if (fields.u16(at) === 1) zip64 = extra.subarray(start, end);
    at = end;
  }
  const replacements = new ZipFields(zip64);
  let at = 0;
  return values.map((value) => {
    if (value !== inZip64) return value;
    if (at + 8 > zip64.length) {
      throw new CheckpointError(`${what} lacks a size in its ZIP64 extra field`);
    }
    at += 8;
    return replacements.u64(at - 8);
  });
}
