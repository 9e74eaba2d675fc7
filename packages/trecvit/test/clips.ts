import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { it } from 'vitest';

/** Real clips, of Debian's package opencv-doc. */
const folder = '/usr/share/doc/opencv-doc';
const clips = {
  'vtest.avi': 'examples/data/vtest.avi',
  'tree.avi': 'examples/data/tree.avi',
  'Megamind.avi': 'examples/data/Megamind.avi',
  'box.mp4': 'opencv4/html/box.mp4.gz',
  'cup.mp4': 'opencv4/html/cup.mp4.gz',
} as const;

export type ClipName = keyof typeof clips;

const isHere = existsSync(join(folder, clips['vtest.avi']));
const isRequired = process.env['NEVEREND_REQUIRE'] !== undefined;
if (!isHere && !isRequired && process.env['NEVEREND_ABSENT'] === undefined) {
  process.stderr.write('the clips are absent: apt-get install opencv-doc\n');
}

/** A test with real clips: skipped where there are none, unless NEVEREND_REQUIRE is set. */
export const itWithClips: typeof it = isHere || isRequired ? it : (it.skip as typeof it);

let unpacked: string | undefined;

/** The path of a clip. @throws Error where the clips are absent. */
export function clipPath(name: ClipName): string {
  const path = join(folder, clips[name]);
  if (!existsSync(path)) {
    throw new Error(
      'NEVEREND_REQUIRE is set, and the clips are absent: apt-get install opencv-doc',
    );
  }
  if (!path.endsWith('.gz')) return path;
  if (unpacked === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'neverend-clips-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    unpacked = made;
  }
  const file = join(unpacked, basename(path, '.gz'));
  if (!existsSync(file)) writeFileSync(file, gunzipSync(readFileSync(path)));
  return file;
}
