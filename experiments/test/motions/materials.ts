import { it } from 'vitest';
import { type Materials, readMaterials } from '../../src/motions/clips/materials.ts';
import { hasPhotographs } from '../../src/motions/clips/photographs.ts';
import type { Split } from '../../src/motions/clips/split.ts';

const required = process.env['NEVEREND_REQUIRE'] !== undefined;

/** Whether there are photographs: tests that need them are skipped and named without, but where the environment requires everything. */
export const photographsAreHere: boolean = await hasPhotographs();

if (!photographsAreHere) {
  it.skipIf(!required)("has the photographs of Debian's package opencv-doc", () => {
    throw new Error('there are no photographs; run `apt-get install opencv-doc`');
  });
}

const read = new Map<Split, Promise<Materials>>();

/** The materials of a split, read once a process. */
export function materialsOf(split: Split): Promise<Materials> {
  const known = read.get(split) ?? readMaterials(split);
  read.set(split, known);
  return known;
}
