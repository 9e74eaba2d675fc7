import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomInt, randomKey, randomNormal } from '@neverend/backend';
import type { Case, Input, LoadedCase } from './types.ts';

/** At most so many numbers are drawn; a larger array repeats them, with the number of the row first in each row. */
const drawn = 2 ** 22;

/** Writes the inputs of a case to files of a folder, each once: cases that share an input share the file. */
export function writeInputs(wanted: Case, folder: string): LoadedCase {
  return { ...wanted, inputs: wanted.inputs.map((input) => writeInput(input, folder)) };
}

function writeInput(input: Input, folder: string): LoadedCase['inputs'][number] {
  const { name, shape, dtype, scale = 1, mean = 0, bound } = input;
  const id = [name.replaceAll('/', '-'), ...shape, dtype, scale, mean, bound ?? 0].join('_');
  const file = join(folder, `${id}.raw`);
  if (!existsSync(file)) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const width = shape.at(-1) ?? 1;
    const key = randomKey('benchmarks', name);
    const values =
      dtype === 'int32'
        ? Int32Array.from(randomInt(key, size, bound ?? 1))
        : randomNormal(key, Math.min(size, Math.floor(drawn / width) * width)).map(
            (value) => mean + scale * value,
          );
    writeRepeated(file, values, size, width);
  }
  return { ...input, file };
}

function writeRepeated(
  file: string,
  values: Float32Array | Int32Array,
  size: number,
  width: number,
): void {
  const descriptor = openSync(file, 'w');
  try {
    for (let start = 0; start < size; start += values.length) {
      if (size > values.length) {
        // Otherwise a row taken for another one, a whole number of repeats away, would go unseen.
        for (let at = 0; at < values.length; at += width) {
          values[at] = (start + at) / width / 2 ** 20;
        }
      }
      writeSync(
        descriptor,
        new Uint8Array(values.buffer, 0, 4 * Math.min(values.length, size - start)),
      );
    }
  } finally {
    closeSync(descriptor);
  }
}
