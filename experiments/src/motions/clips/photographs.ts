import { access, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { NeverendError } from '@neverend/backend';
import { decodeVideo } from '@neverend/trecvit/node';
import type { Split } from './split.ts';
import { type Texture, texture } from './texture.ts';

const opencv = '/usr/share/doc/opencv-doc/examples';

/** The photographs of opencv-doc; of two of one scene, one. */
const ofOpencv: Readonly<Record<Split, readonly string[]>> = {
  training: [
    'alphamat/input_images/plant.jpg',
    ...['aero1', 'aloeL', 'apple', 'baboon', 'board', 'building', 'butterfly'].map(jpeg),
    ...['fruits', 'leuvenA', 'licenseplate_motion', 'orange', 'starry_night', 'stuff'].map(jpeg),
    ...['basketball1', 'box_in_scene', 'graf1', 'rubberwhale1'].map((name) => `data/${name}.png`),
    ...['000', '001'].map((name) => `hfs/data/${name}.jpg`),
    ...['01', '02', '03', '05'].map((number) => `text/scenetext${number}.jpg`),
    ...['01', '02'].map((number) => `text/scenetext_segmented_word${number}.jpg`),
  ],
  'held-out': [
    'data/chicky_512.png',
    ...['home', 'left', 'messi5', 'squirrel_cls'].map(jpeg),
    'dnn_superres/butterfly.png',
    'hfs/data/002.jpg',
    'reg/home.png',
    ...['04', '06'].map((number) => `text/scenetext${number}.jpg`),
  ],
};

function jpeg(name: string): string {
  return `data/${name}.jpg`;
}

/** Larger pictures are halved: clips are small. */
const largestShortSide = 320;

/**
 * @param folder whose JPEG and PNG files are taken, every fourth by name held out. Default: those of opencv-doc.
 * @throws NeverendError when there are none.
 */
export async function readPhotographs(split: Split, folder?: string): Promise<Texture[]> {
  const paths = folder === undefined ? await opencvPaths(split) : await pathsIn(folder, split);
  const textures: Texture[] = [];
  for (const path of paths) textures.push(await readPhotograph(path));
  return textures;
}

/** Whether the photographs of opencv-doc are on this machine. */
export async function hasPhotographs(): Promise<boolean> {
  return access(opencv).then(
    () => true,
    () => false,
  );
}

async function opencvPaths(split: Split): Promise<string[]> {
  if (!(await hasPhotographs())) {
    throw new NeverendError(
      'NEVEREND_PHOTOGRAPHS',
      `there are no photographs in ${opencv}; run \`apt-get install opencv-doc\`, or give a folder with at least 8 by --photos`,
    );
  }
  return ofOpencv[split].map((name) => join(opencv, name));
}

async function pathsIn(folder: string, split: Split): Promise<string[]> {
  const names = (await readdir(folder))
    .filter((name) => ['.jpg', '.jpeg', '.png'].includes(extname(name).toLowerCase()))
    .sort();
  if (names.length < 8) {
    throw new NeverendError(
      'NEVEREND_PHOTOGRAPHS',
      `${folder} has ${names.length} JPEG and PNG files; it must have at least 8, of which every fourth is held out`,
    );
  }
  const heldOut = split === 'held-out';
  return names
    .filter((_, index) => (index % 4 === 3) === heldOut)
    .map((name) => join(folder, name));
}

async function readPhotograph(path: string): Promise<Texture> {
  for await (const { rows, columns, pixels } of decodeVideo(path)) {
    const levels = texture({ rows, columns, channels: 3, data: pixels });
    const small = levels.filter((level) => Math.min(level.rows, level.columns) <= largestShortSide);
    return small.length > 0 ? small : levels.slice(-1);
  }
  throw new NeverendError('NEVEREND_PHOTOGRAPHS', `${path} has no picture`);
}
