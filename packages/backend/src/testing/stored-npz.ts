import { crc32 } from 'node:zlib';

/** A .npz as `np.savez` lays it out: float32 arrays in a ZIP without compression. */
export function storedNpz(
  arrays: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >,
): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
    const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${list}), }`;
    const text = `${dictionary.padEnd(64 * Math.ceil((dictionary.length + 11) / 64) - 11)}\n`;
    const head = Buffer.from([
      0x93,
      ...Buffer.from('NUMPY'),
      1,
      0,
      text.length & 255,
      text.length >> 8,
    ]);
    const file = Buffer.concat([
      head,
      Buffer.from(text),
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    ]);
    const path = Buffer.from(`${name}.npy`);
    // Version, flags, method, time, date, CRC, sizes, lengths of the name and of what follows it.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(file), 10);
    common.writeUInt32LE(file.length, 14);
    common.writeUInt32LE(file.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, path, file]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, path]),
    );
    locals.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(locals.length, 4);
  end.writeUInt16LE(locals.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, list, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
