import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  decodeNpy,
  decodeSafetensors,
  openNpz,
  openSafetensors,
} from '../src/index.ts';

const { files: golden } = JSON.parse(
  readFileSync(new URL('golden/other-files.json', import.meta.url), 'utf8'),
) as { files: Record<string, string> };

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const pickled =
  'the file is pickled, as PyTorch saves its checkpoints (.pth, .pt, .bin), which can run any code: save its tensors as safetensors';
const zip = 'a ZIP file, such as an .npz file or a checkpoint of PyTorch (.pth, .pt)';
const unpack = 'to be unpacked first';

/** What each file is, in a sentence about any of the three that it is not. */
const kinds: Record<string, readonly [bytes: Uint8Array, what: string]> = {
  ...Object.fromEntries(
    Object.entries(golden).map(([name, base64]) => {
      const of: Record<string, string> = {
        zip,
        npz: zip,
        empty: zip,
        npy: 'an .npy file',
        safetensors: 'a safetensors file',
        msgpack: 'a msgpack file, as Flax saves weights',
        onnx: 'a model of ONNX (.onnx)',
        tar: `a tar archive, ${unpack}`,
        gzip: `compressed by gzip, ${unpack}`,
        bzip2: `compressed by bzip2, ${unpack}`,
        xz: `compressed by xz, ${unpack}`,
        pickle: pickled,
      };
      const what = of[/^\w+/.exec(name)?.[0] ?? ''] ?? '';
      return [name, [new Uint8Array(Buffer.from(base64, 'base64')), what] as const];
    }),
  ),
  // By their specifications.
  gguf: [latin1('GGUF\x03\0\0\0\x02\0\0\0\0\0\0\0'), 'a model of llama.cpp (.gguf)'],
  h5: [
    latin1('\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0'),
    'an HDF5 file (.h5), as Keras saves weights',
  ],
  tflite: [latin1('\x1c\0\0\0TFL3\x14\0\x20\0\x1c\0'), 'a model of TensorFlow Lite (.tflite)'],
  lfs: [
    latin1('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    'a pointer of Git LFS, which `git lfs pull` replaces by the file',
  ],
  html: [latin1('<!DOCTYPE html>\n<html></html>'), 'a web page, HTML or XML'],
  xml: [latin1('<?xml version="1.0"?>\n<Error/>'), 'a web page, HTML or XML'],
  json: [
    latin1('{"metadata": {}, "weight_map": {}}'),
    'JSON, such as the index of a checkpoint in parts',
  ],
  'onnx of no name': [latin1('\x08\x07:\xd7\x01\n\\\n\x01x'), 'a model of ONNX (.onnx)'],
  zstandard: [latin1('\x28\xb5\x2f\xfd\x04\0\0\0\0'), `compressed by Zstandard, ${unpack}`],
};

const readers: Record<string, readonly [kind: RegExp, read: (file: Uint8Array) => unknown]> = {
  'a safetensors file': [/^safetensors/, decodeSafetensors],
  'a safetensors file in ranges': [
    /^safetensors/,
    (file) => openSafetensors(new Blob([file.slice()])),
  ],
  'an .npz file': [/npz|zip/, openNpz],
  'an .npy file': [/^npy/, decodeNpy],
};

describe.each(Object.keys(readers))('what must be %s', (wanted) => {
  const [own = /$/, read = () => undefined] = readers[wanted] ?? [];
  it.each(Object.keys(kinds).filter((name) => !own.test(name)))('is not %s', async (name) => {
    const [file = new Uint8Array(), what = ''] = kinds[name] ?? [];
    const error: unknown = await (async () => read(file))().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    const must = `it must be ${wanted.replace(' in ranges', '')}`;
    const sentence = what === pickled ? pickled : `the file is ${what}; ${must}`;
    const { message } = error as CheckpointError;
    expect(message.slice(0, sentence.length)).toBe(sentence);
    const reads = /^(an \.npy|a safetensors|a ZIP)/.test(what);
    expect(message.slice(sentence.length)).toMatch(reads ? /^; .* reads? .* in Node$/ : /^$/);
  });
});

it('takes no file for another whose length happens to look like it', () => {
  // Of a header of 35615, 640 and 1288 bytes: as gzip, a pickle and ONNX begin.
  for (const length of [0x8b1f, 0x0280, 0x0508]) {
    const file = new Uint8Array(8 + length).fill(0x20);
    new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
    file.set(latin1('{}'), 8);
    expect(decodeSafetensors(file).tensors).toEqual({});
    expect(() => decodeSafetensors(file.subarray(0, -1))).toThrow(
      "the header's length is given as",
    );
  }
});
