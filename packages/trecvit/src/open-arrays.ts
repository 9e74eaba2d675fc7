import {
  type BinaryFile,
  type NamedArray,
  openNpz,
  openSafetensors,
  toByteSource,
} from '@neverend/checkpoint';

/** The arrays of a checkpoint, which are read one at a time. */
export interface Arrays {
  readonly names: readonly string[];
  /** What the file says of itself, where it can. */
  readonly metadata: Readonly<Record<string, string>>;
  read(name: string): Promise<NamedArray>;
}

/** Opens an .npz or a safetensors file by what it begins with. @throws CheckpointError when it is neither, or damaged. */
export async function openArrays(file: BinaryFile): Promise<Arrays> {
  const source = toByteSource(file);
  const start = await source.read(0, Math.min(4, source.size));
  // What a ZIP file begins with; the length of a safetensors header is below 2^27.
  if (start.join() === '80,75,3,4' || start.join() === '80,75,5,6') {
    const { names, read } = await openNpz(source);
    return { names, metadata: {}, read };
  }
  return openSafetensors(source);
}
