import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BinaryFile,
  type ByteSource,
  CheckpointError,
  decodeNpy,
  decodeSafetensors,
  type NamedArray,
  type NpzOptions,
  openNpz,
  shapeSize,
} from '../src/index.ts';
import { collect } from './fixtures/collect.ts';
import {
  bytesOf,
  concat,
  type Member,
  npy,
  npyHeader,
  vector,
  zip,
} from './fixtures/npz-builder.ts';

interface Description {
  readonly shape: number[];
  readonly data: (number | string)[];
}

const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const goldenBytes = (name: string) => new Uint8Array(golden(`${name}.npz`));
const { files } = JSON.parse(golden('npz.json').toString()) as {
  files: Record<string, Record<string, Description>>;
};

async function readAll(file: BinaryFile, options?: NpzOptions): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  const npz = await openNpz(file, options);
  for (const name of npz.names) arrays.set(name, await npz.read(name));
  return arrays;
}

const ones = Float32Array.of(1, 1, 1);
const twoBytes = new Uint8Array(2);

describe('openNpz', () => {
  it.each(Object.keys(files))('reads what NumPy wrote: %s', async (file) => {
    const arrays = await readAll(goldenBytes(file), { voidAsBfloat16: true });
    const expected = files[file] ?? {};
    expect([...arrays.keys()]).toEqual(Object.keys(expected));
    for (const [name, { shape, data }] of Object.entries(expected)) {
      const array = arrays.get(name);
      expect(array?.shape).toEqual(shape);
      const wide = array?.dtype === 'int64' || array?.dtype === 'uint64';
      // toEqual tells 0 from -0.
      expect([...(array?.data ?? [])]).toEqual(wide ? data.map(BigInt) : data.map(Number));
    }
  });

  it('gives each NumPy type its own, and float32 for both half precisions', async () => {
    const types = {
      F64: 'float64',
      F32: 'float32',
      F16: 'float32',
      I64: 'int64',
      I32: 'int32',
      I16: 'int16',
      I8: 'int8',
      U64: 'uint64',
      U32: 'uint32',
      U16: 'uint16',
      U8: 'uint8',
      BOOL: 'bool',
    };
    for (const file of ['every-dtype', 'big-endian']) {
      const arrays = await readAll(goldenBytes(file));
      const dtypes = Array.from(arrays, ([name, { dtype }]) => [name, dtype]);
      expect(Object.fromEntries(dtypes)).toEqual(types);
    }
    const halves = await readAll(goldenBytes('bfloat16'), { voidAsBfloat16: true });
    expect(Array.from(halves.values(), ({ dtype }) => dtype)).toEqual(['float32', 'float32']);
  });

  it('reads the same from bytes at any offset, a buffer, a Blob and random access', async () => {
    const bytes = goldenBytes('orders');
    const expected = await readAll(bytes);
    const shifted = concat(Uint8Array.of(1, 2, 3), bytes).subarray(3);
    const blob = new Blob([goldenBytes('orders')]);
    const source: ByteSource = {
      size: bytes.length,
      read: async (start, end) => bytes.slice(start, end),
    };
    for (const file of [shifted, bytes.slice().buffer, blob, source]) {
      expect(await readAll(file)).toEqual(expected);
    }
  });

  it('reads any shape in either order', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), fc.boolean(), async (shape, fortran, deflate) => {
        const data = Float32Array.from({ length: shapeSize(shape) }, (_, index) => index);
        const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
        const order = fortran ? 'True' : 'False';
        const header = `{'shape': ${tuple}, 'fortran_order': ${order}, 'descr': '<f4'}`;
        const content = npy(header, bytesOf(data));
        const array = await (await openNpz(zip([{ name: 'x.npy', content, deflate }]))).read('x');
        expect(array.shape).toEqual(shape);
        // Element [i, j, k] of column-major data is at i + size_i (j + size_j k).
        const expected = Array.from(data, (_, at) => {
          let [rest, from] = [at, 0];
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            const size = shape[axis] ?? 1;
            from += (rest % size) * shapeSize(shape.slice(0, axis));
            rest = Math.floor(rest / size);
          }
          return fortran ? from : at;
        });
        expect([...array.data]).toEqual(expected);
      }),
    );
  });

  it('reads only the directory at first, then only what an array needs', async () => {
    const members = ['a', 'b', 'c'].map((name) => vector(name, new Float32Array(50_000).fill(1)));
    const bytes = zip(members);
    let read = 0;
    const npz = await openNpz({
      size: bytes.length,
      read: async (start, end) => {
        read += end - start;
        return bytes.slice(start, end);
      },
    });
    // The end record is looked for where a comment could be.
    expect(read).toBeLessThan(70_000);
    read = 0;
    expect((await npz.read('b')).data).toEqual(new Float32Array(50_000).fill(1));
    expect(read).toBeLessThan(201_000);
    expect(npz.names).toEqual(['a', 'b', 'c']);
  });

  it('reads a ZIP64 file whose members are behind 4 GiB', async () => {
    const [gap, values] = [2 ** 32 + 5, ones];
    const { content } = vector('far', values);
    const extra = new DataView(new ArrayBuffer(12));
    extra.setUint16(0, 1, true);
    extra.setUint16(2, 8, true);
    extra.setBigUint64(4, BigInt(gap), true);
    const central = { start: 0xffff_ffff, extra: new Uint8Array(extra.buffer) };
    const small = zip([{ name: 'far.npy', content, central }]);
    const directoryStart = small.length - 22 - 46 - 7 - 12;
    const end64 = new DataView(new ArrayBuffer(76));
    end64.setUint32(0, 0x06064b50, true);
    end64.setBigUint64(4, 44n, true);
    for (const at of [24, 32]) end64.setBigUint64(at, 1n, true);
    end64.setBigUint64(40, 65n, true);
    end64.setBigUint64(48, BigInt(gap + directoryStart), true);
    end64.setUint32(56, 0x07064b50, true);
    end64.setBigUint64(64, BigInt(gap + small.length - 22), true);
    end64.setUint32(72, 1, true);
    const end = small.slice(-22);
    new DataView(end.buffer).setUint32(16, 0xffff_ffff, true);
    const tail = concat(small.slice(0, -22), new Uint8Array(end64.buffer), end);
    const npz = await openNpz({
      size: gap + tail.length,
      read: async (start, stop) => {
        const bytes = new Uint8Array(stop - start);
        const from = Math.max(start, gap);
        if (from < stop) bytes.set(tail.subarray(from - gap, stop - gap), from - start);
        return bytes;
      },
    });
    expect((await npz.read('far')).data).toEqual(values);
  });

  it('leaves out folders, what is no array, and elements that are not read, and names them', async () => {
    const content = (descr: string) => npy(npyHeader(descr, '(3,)'), new Uint8Array(12));
    const npz = await openNpz(
      zip([
        { name: 'params/', content: new Uint8Array(0) },
        { name: 'params/objects.npy', content: content('|O') },
        { name: 'README.txt', content: Uint8Array.of(104, 105) },
        { name: 'params/text.npy', content: content('<U1') },
        vector('params/kernel', Float32Array.of(1, 2)),
      ]),
    );
    expect(npz.names).toEqual(['params/objects', 'params/text', 'params/kernel']);
    expect(npz.others).toEqual(['README.txt']);
    const arrays = await collect(npz);
    expect(arrays.map(([name, { data }]) => [name, [...data]])).toEqual([
      ['params/kernel', [1, 2]],
    ]);
    expect(Object.keys(npz.unreadable)).toEqual(['params/objects', 'params/text']);
    expect(npz.unreadable['params/objects']).toBe(
      'array "params/objects": its elements are pickled Python objects, which can run any code',
    );
    await expect(npz.read('params/text')).rejects.toThrow("its dtype was '<U1'");
  });

  it('takes members as NumPy takes them', async () => {
    type Member = 'bytes' | `error: ${string}` | (Partial<Description> & { dtype: string });
    const { members } = JSON.parse(golden('members.json').toString()) as {
      members: Record<string, Member>;
    };
    const npz = await openNpz(goldenBytes('members'));
    const arrays = new Map(await collect(npz));
    for (const [name, member] of Object.entries(members)) {
      if (name.endsWith('/')) continue;
      if (typeof member === 'object' && member.dtype !== '|V2' && name !== 'bzip2') {
        expect(arrays.get(name), name).toMatchObject({ shape: member.shape });
        expect(Array.from(arrays.get(name)?.data ?? [], Number)).toEqual(member.data);
        expect((await npz.read(name)).shape).toEqual(member.shape);
      } else {
        expect(arrays.has(name), name).toBe(false);
        expect([...npz.others, ...Object.keys(npz.unreadable)], name).toContain(name);
      }
    }
    expect([...arrays.keys(), ...Object.keys(npz.unreadable)].sort()).toEqual(
      [...npz.names].sort(),
    );
    expect(npz.others).toEqual(['notes.txt', '.DS_Store']);
    expect(npz.unreadable['bzip2']).toBe(
      'array "bzip2": member "bzip2.npy" has compression method 12; it must be 0 (stored) or 8 (deflated)',
    );
    await expect(npz.read('text')).rejects.toThrow(
      new CheckpointError('array "text": its content does not begin as an .npy file'),
    );
    const halves = await openNpz(goldenBytes('members'), { voidAsBfloat16: true });
    expect((await halves.read('bytes')).data).toEqual(Float32Array.of(0, 0));
  });

  it('takes the ways to write an element type that NumPy takes', async () => {
    const { descr } = JSON.parse(golden('descr.json').toString()) as {
      descr: Record<string, string | null>;
    };
    const data = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 0x3f);
    for (const [written, meant] of Object.entries(descr)) {
      const [, kind = 'O', bytes = '1'] = /^.([fiub])([1248])$/.exec(meant ?? '') ?? [];
      const read = (as: string) =>
        decodeNpy(npy(npyHeader(as, '(1,)'), data.subarray(-Number(bytes))), {
          voidAsBfloat16: true,
        });
      if (kind === 'O') await expect(read(written), written).rejects.toThrow(CheckpointError);
      else expect(await read(written), written).toEqual(await read(meant ?? ''));
    }
  });

  it('ends where an array is damaged, also where it is not read', async () => {
    const damaged = { both: { crc: 1 } };
    for (const content of [Uint8Array.of(104, 105), npy(npyHeader('|V2', '(1,)'), twoBytes)]) {
      const npz = await openNpz(zip([a, { name: 'b.npy', content, ...damaged }]));
      await expect(collect(npz)).rejects.toThrow('is damaged: its CRC-32 is not its own');
    }
  });

  it('takes names and padding of other programs as Python takes them', async () => {
    // As Windows writes "Maße" without saying how; and an extra field that zipalign makes.
    const npz = zip([vector('Ma__e', ones)]).map((byte, at, all) =>
      byte === 0x5f ? (all[at + 1] === 0x5f ? 0xe1 : 0x21) : byte,
    );
    expect((await openNpz(npz)).names).toEqual(['Maß!e']);
    const utf8 = (flags: number) => zip([{ ...a, both: { flags } }]);
    expect((await openNpz(utf8(0x800))).names).toEqual(['a']);
    const lying = utf8(0x800).map((byte) => (byte === 0x61 ? 0xe1 : byte));
    await expect(openNpz(lying)).rejects.toThrow(
      new CheckpointError('the ZIP file has a name that is not UTF-8'),
    );
    const padded = zip([{ ...a, both: { extra: new Uint8Array(3) } }]);
    expect((await (await openNpz(padded)).read('a')).data).toEqual(ones);
  });

  it('names a member that is called __proto__', async () => {
    const npz = await openNpz(zip([{ name: '__proto__.npy', content: new Uint8Array(9) }]));
    expect(await collect(npz)).toEqual([]);
    expect(Object.keys(npz.unreadable)).toEqual(['__proto__']);
  });

  it('names what is pickled, as PyTorch saves it', async () => {
    const message =
      'the file is pickled, as PyTorch saves its checkpoints (.pth, .pt, .bin), which can run any code: save its tensors as safetensors';
    const archive = zip([
      { name: 'archive/data.pkl', content: Uint8Array.of(128, 2, 46) },
      { name: 'archive/data/0', content: new Uint8Array(4) },
    ]);
    // As torch.save writes it with and without a ZIP file around it.
    const old = Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a);
    for (const file of [archive, old]) {
      await expect(openNpz(file)).rejects.toThrow(new CheckpointError(message));
    }
    expect(() => decodeSafetensors(old)).toThrow(new CheckpointError(message));
    expect(() => decodeSafetensors(archive)).toThrow(
      'the file is a ZIP file, such as an .npz file or a checkpoint of PyTorch (.pth, .pt); it must be a safetensors file',
    );
  });

  it('reads a single .npy file', async () => {
    const file = npy(npyHeader('>i2', '(2, 1)'), Uint8Array.of(1, 0, 255, 255));
    const expected = { dtype: 'int16', shape: [2, 1], data: Int16Array.of(256, -1) };
    expect(await decodeNpy(file)).toEqual(expected);
    const brain = npy(npyHeader('|V2', '(1,)'), Uint8Array.of(0x80, 0x3f));
    expect((await decodeNpy(brain, { voidAsBfloat16: true })).data).toEqual(Float32Array.of(1));
    await expect(decodeNpy(file.subarray(0, -1))).rejects.toThrow(
      new CheckpointError('its shape [2,1] of I16 does not fill its 3 bytes'),
    );
  });

  it('names an array that is not there', async () => {
    const npz = await openNpz(zip([vector('a', ones)]));
    await expect(npz.read('b')).rejects.toThrow(new CheckpointError('the file has no array "b"'));
  });

  it('passes on what a source throws, and refuses a source that gives too little', async () => {
    const bytes = zip([{ ...vector('a', ones), deflate: true }]);
    for (const [broken, message] of [
      [() => Promise.reject(new Error('the network is down')), 'the network is down'],
      [async () => new Uint8Array(3), 'the file gave 3 bytes from byte 0 on; it must give 30'],
    ] as const) {
      let failing = false;
      const npz = await openNpz({
        size: bytes.length,
        read: async (start, end) => (failing ? broken() : bytes.slice(start, end)),
      });
      failing = true;
      await expect(npz.read('a')).rejects.toThrow(message);
    }
  });

  it('refuses a limit that is no number of bytes', async () => {
    await expect(openNpz(zip([]), { maxArrayBytes: -1 })).rejects.toThrow(
      new RangeError('maxArrayBytes was -1; it must be an integer >= 0'),
    );
  });

  it('reads no array above the limit, and inflates none that declares too little', async () => {
    const values = new Float32Array(1_000_000);
    const large = { ...vector('large', values), deflate: true };
    const npz = await openNpz(zip([large]), { maxArrayBytes: 4_000_000 });
    await expect(npz.read('large')).rejects.toThrow(
      new CheckpointError(
        `array "large" has ${large.content.length} bytes; maxArrayBytes allows 4000000`,
      ),
    );
    const small = vector('small', ones);
    const content = concat(small.content, new Uint8Array(100_000_000));
    const bomb = { ...small, content, deflate: true, both: { size: small.content.length } };
    await expect(readAll(zip([bomb]))).rejects.toThrow(
      new CheckpointError(
        `array "small": member "small.npy" has more than the ${small.content.length} bytes that are declared`,
      ),
    );
  });
});

const a = vector('a', ones);
const array = (header: string, data = bytesOf(ones)): Uint8Array =>
  zip([{ name: 'a.npy', content: npy(header, data) }]);
const withContent = (content: Uint8Array) => zip([{ name: 'a.npy', content }]);
const member = (change: Partial<Member>) => zip([{ ...a, ...change }]);
const named = (name: string) => zip([{ ...a, name }]);

const malformed: Record<string, readonly [Uint8Array, string]> = {
  'an empty file': [
    new Uint8Array(),
    'the file is no ZIP file, or it is cut off: it has no end record',
  ],
  'a file of another kind': [
    new Uint8Array(1000).fill(80),
    'the file is no ZIP file, or it is cut off: it has no end record',
  ],
  'a file without its last byte': [
    zip([a]).subarray(0, -1),
    'the file is no ZIP file, or it is cut off: it has no end record',
  ],
  'a file without its first byte': [
    zip([a]).subarray(1),
    'the ZIP directory is said to be bytes 115 to 166; it must end at 165',
  ],
  'a directory that is said to be elsewhere': [
    zip([a], { start: 7 }),
    'the ZIP directory is said to be bytes 7 to 58; it must end at 166',
  ],
  'more members than the directory has': [
    zip([a], { count: 2 }),
    'the ZIP directory has 1 members; the end record says 2',
  ],
  'a file in parts': [
    zip([a], { disk: 1 }),
    'the ZIP file is one part of several; it must be whole',
  ],
  'a member in another part': [
    member({ central: { disk: 1 } }),
    'member "a.npy" is in another part of the ZIP file',
  ],
  'a directory entry that is none': [
    member({ central: { signature: 7 } }),
    'the ZIP directory has no entry at its byte 0',
  ],
  'sizes that refer to a ZIP64 field that is not there': [
    member({ central: { size: 0xffff_ffff } }),
    'member "a.npy" lacks a size in its ZIP64 extra field',
  ],
  'extra fields that are longer than they can be': [
    member({ both: { extra: Uint8Array.of(1, 0, 9, 0, 1) } }),
    'member "a.npy" has extra fields that are cut off',
  ],
  'an offset that no file reaches': [
    member({
      central: {
        start: 0xffff_ffff,
        extra: Uint8Array.of(1, 0, 8, 0, ...new Array<number>(8).fill(255)),
      },
    }),
    'the ZIP file gives a size or an offset as 18446744073709551615',
  ],
  'a name that comes twice': [zip([a, a]), 'the ZIP file has the name "a.npy" twice'],
  'a name that leads to a parent folder': [
    named('../a.npy'),
    'member "../a.npy" has a name that leads out of a folder',
  ],
  'a name that hides a parent folder': [
    named('x/../../a.npy'),
    'member "x/../../a.npy" has a name that leads out of a folder',
  ],
  'an absolute name': [
    named('/etc/a.npy'),
    'member "/etc/a.npy" has a name that leads out of a folder',
  ],
  'a name with a drive': [
    named('C:/a.npy'),
    'member "C:/a.npy" has a name that leads out of a folder',
  ],
  'a name with a backslash': [
    named('..\\a.npy'),
    'member "..\\\\a.npy" has a name that leads out of a folder',
  ],
  'a name with a zero': [
    named('a.npy\0.npy'),
    'member "a.npy\\u0000.npy" has a name that leads out of a folder',
  ],
  'no name': [named(''), 'member "" has a name that leads out of a folder'],
  'an encrypted member': [member({ both: { flags: 1 } }), 'array "a": member "a.npy" is encrypted'],
  'another compression method': [
    member({ both: { method: 12 } }),
    'array "a": member "a.npy" has compression method 12; it must be 0 (stored) or 8 (deflated)',
  ],
  'a stored member of two sizes': [
    member({ both: { size: 81 } }),
    'member "a.npy" is said to have 81 bytes, which its 80 in the file cannot give',
  ],
  'a size that no deflate stream gives': [
    member({ both: { method: 8, size: 80 * 1032 + 1 } }),
    'member "a.npy" is said to have 82561 bytes, which its 80 in the file cannot give',
  ],
  'a member that goes on into the directory': [
    member({ both: { size: 81, compressedSize: 81 } }),
    'member "a.npy" at byte 0 overlaps what begins at 115',
  ],
  'a member that begins behind the file': [
    member({ central: { start: 2 ** 31 } }),
    'member "a.npy" at byte 2147483648 overlaps what begins at 115',
  ],
  'two members in one place': [
    zip([a, { ...vector('b', ones), central: { start: 0 } }]),
    'member "b.npy" at byte 0 overlaps what begins at 0',
  ],
  'a member within another': [
    zip([
      { ...a, both: { size: 100, compressedSize: 100 } },
      { name: 'b.npy', content: new Uint8Array(10) },
    ]),
    'member "a.npy" at byte 0 overlaps what begins at 115',
  ],
  'a member whose own header reaches into the next': [
    zip([
      { ...a, local: { name: 'a much longer name than the directory says.npy' } },
      { ...vector('b', ones), central: { start: 120 } },
    ]),
    'array "a": member "a.npy" at byte 0 overlaps what begins at 120',
  ],
  'a member that has no header of its own': [
    member({ central: { start: 1, size: 70, compressedSize: 70 } }),
    'array "a": member "a.npy" has no header at byte 1',
  ],
  'a member that has another name in its own header': [
    member({ local: { name: 'b.npy' } }),
    'array "a": member "a.npy": its own header and the ZIP directory disagree',
  ],
  'a member that has another size in its own header': [
    member({ local: { size: 78 } }),
    'array "a": member "a.npy": its own header and the ZIP directory disagree',
  ],
  'a member that has another method in its own header': [
    member({ local: { method: 8 } }),
    'array "a": member "a.npy": its own header and the ZIP directory disagree',
  ],
  'damaged data': [
    member({ both: { crc: 1 } }),
    'array "a": member "a.npy" is damaged: its CRC-32 is not its own',
  ],
  'deflated data that is none': [
    member({ content: new Uint8Array(80).fill(255), both: { method: 8 } }),
    'array "a": member "a.npy" is damaged: it is no whole deflate stream',
  ],
  'deflated data that is cut off': [
    zip([{ ...a, deflate: true, both: { compressedSize: 20 } }]),
    'array "a": member "a.npy" is damaged: it is no whole deflate stream',
  ],
  'fewer bytes than are declared': [
    zip([
      {
        ...a,
        deflate: true,
        both: { size: 84 },
        content: npy(npyHeader('<f4', '(4,)'), bytesOf(ones)),
      },
    ]),
    'array "a": member "a.npy" has fewer than the 84 bytes that are declared',
  ],
  'more bytes than are declared': [
    zip([
      {
        ...a,
        deflate: true,
        both: { size: 78 },
        content: npy(npyHeader('|u1', '(11,)'), bytesOf(ones)),
      },
    ]),
    'array "a": member "a.npy" has more than the 78 bytes that are declared',
  ],
  'content that is no array': [
    withContent(new Uint8Array(100)),
    'array "a": its content does not begin as an .npy file',
  ],
  'no content': [withContent(new Uint8Array()), 'array "a": its content is cut off'],
  'another .npy version': [
    withContent(npy(npyHeader('<f4', '(3,)'), bytesOf(ones), [4, 0])),
    'array "a": its .npy version was 4.0; it must be 1.0, 2.0 or 3.0',
  ],
  'a header that is longer than the content': [
    withContent(npy(' '.repeat(9000)).subarray(0, 500)),
    'array "a": its content is cut off',
  ],
  'an absurd header': [
    withContent(npy(npyHeader('<f4', '(3,)') + ' '.repeat(1e6), bytesOf(ones), [2, 0])),
    `array "a": its .npy header has ${npyHeader('<f4', '(3,)').length + 1e6} bytes; it must have at most 10000`,
  ],
  'a header that is no dictionary': [
    array('[]'),
    'array "a": its .npy header is not a dictionary of descr, fortran_order, shape',
  ],
  'a header with an expression': [
    array("{'descr': '<f4', 'fortran_order': False, 'shape': (1+2,)}"),
    'array "a": its shape was (1+2,); it must be a tuple of at most 64 sizes >= 0',
  ],
  'a header with a field twice': [
    array("{'descr': '<f4', 'descr': '<f8', 'shape': (3,)}"),
    'array "a": its .npy header is not a dictionary of descr, fortran_order, shape',
  ],
  'a header with too few fields': [
    array("{'descr': '<f4', 'shape': (3,)}"),
    'array "a": its .npy header is not a dictionary of descr, fortran_order, shape',
  ],
  'a header with another field': [
    array("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'toString': 1}"),
    'array "a": its .npy header is not a dictionary of descr, fortran_order, shape',
  ],
  'an order that is no bool': [
    array("{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}"),
    'array "a": its fortran_order was 0; it must be a bool',
  ],
  'a negative size': [
    array(npyHeader('<f4', '(-3,)')),
    'array "a": its shape was (-3,); it must be a tuple of at most 64 sizes >= 0',
  ],
  'a size that is no exact integer': [
    array(npyHeader('<f4', '(99999999999999999999,)')),
    'array "a": its shape was (99999999999999999999,); it must be a tuple of at most 64 sizes >= 0',
  ],
  'a shape that is a number': [
    array(npyHeader('<f4', '(3)')),
    'array "a": its shape was (3); it must be a tuple of at most 64 sizes >= 0',
  ],
  'too many dimensions': [
    array(npyHeader('<f4', `(3, ${'1, '.repeat(64)})`)),
    'array "a": its shape was (3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,...; it must be a tuple of at most 64 sizes >= 0',
  ],
  'a huge shape': [
    array(npyHeader('<f4', '(4611686018427387, 2)')),
    'array "a": its shape [4611686018427387,2] of F32 does not fill its 12 bytes',
  ],
  'a shape whose product overflows to the right number': [
    array(npyHeader('<f4', '(4294967296, 4294967296, 3)')),
    'array "a": its shape [4294967296,4294967296,3] of F32 does not fill its 12 bytes',
  ],
  'data after the array': [
    array(npyHeader('<f4', '(2,)')),
    'array "a": its shape [2] of F32 does not fill its 12 bytes',
  ],
  'pickled objects': [
    array(npyHeader('|O', '(3,)')),
    'array "a": its elements are pickled Python objects, which can run any code',
  ],
  'raw bytes that may be bfloat16': [
    array(npyHeader('|V2', '(6,)')),
    'array "a": its elements are two raw bytes each (V2); voidAsBfloat16 reads them as bfloat16',
  ],
  'complex numbers': [
    array(npyHeader('<c8', '(3,)')),
    'array "a": its dtype was \'<c8\'; it must be one of f8, f4, f2, i8, i4, i2, i1, u8, u4, u2, u1, b1, V2 with its byte order',
  ],
  text: [
    array(npyHeader('<U1', '(3,)')),
    'array "a": its dtype was \'<U1\'; it must be one of f8, f4, f2, i8, i4, i2, i1, u8, u4, u2, u1, b1, V2 with its byte order',
  ],
  records: [
    array("{'descr': [('x', '<f4'), ('y', '<f4', (2,))], 'fortran_order': False, 'shape': (1,)}"),
    "array \"a\": its dtype was [('x', '<f4'), ('y', '<f4', (2,))]; it must be one of f8, f4, f2, i8, i4, i2, i1, u8, u4, u2, u1, b1, V2 with its byte order",
  ],
};

describe('a file that is wrong', () => {
  it.each(Object.keys(malformed))('is refused in one clear sentence: %s', async (what) => {
    const [file = new Uint8Array(), message] = malformed[what] ?? [];
    await expect(readAll(file)).rejects.toThrow(new CheckpointError(message));
  });

  it('is refused before anything is allocated for what it declares', async () => {
    // What so many bytes can give at most is 1 GiB. They are no deflate stream.
    const content = new Uint8Array(1_040_448).fill(255);
    const file = zip([{ name: 'a.npy', content, both: { method: 8, size: 2 ** 30 } }]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readAll(file)).rejects.toThrow('it is no whole deflate stream');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it('is refused for a directory of more than 16 MiB', async () => {
    const end = zip([], { bytes: 2 ** 24 + 1, start: 0 });
    await expect(readAll(concat(new Uint8Array(2 ** 24 + 1), end))).rejects.toThrow(
      new CheckpointError('the ZIP directory has 16777217 bytes; it must have at most 16777216'),
    );
  });
});
