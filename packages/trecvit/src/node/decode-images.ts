import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PictureSize } from '../video/fit.ts';
import type { Picture } from '../video/picture.ts';
import { samplePictures } from '../video/sample-pictures.ts';
import { VideoError } from '../video/video-error.ts';
import { decodeImage } from './decode-image.ts';

const video = /\.(mp4|m4v|mov|webm|mkv|avi|gif|mpe?g|ts|ogv)$/i;
const extension = /\.(png|jpe?g|webp|bmp|tiff?)$/i;

/** Whether the name is that of an image. */
export function isImage(path: string): boolean {
  return extension.test(path);
}

/** The images of a folder in the order in which a person counts: `2.png` before `10.png`. @throws VideoError where there is none. */
export async function imagesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw new VideoError(`${folder} cannot be read: ${cause.message}`, { cause });
  });
  const { compare } = new Intl.Collator('en', { numeric: true });
  const found = names.filter((name) => isImage(name) && !name.startsWith('.')).sort(compare);
  if (found.length > 0) return found.map((name) => join(folder, name));
  const hint = names.some((name) => video.test(name))
    ? `; its videos are given one by one: ${folder}/*`
    : '';
  throw new VideoError(`${folder} has no images (png, jpg, webp, bmp, tiff)${hint}`);
}

export interface ImageOptions {
  readonly imagesPerSecond: number;
  readonly size: PictureSize;
  readonly from: number | undefined;
  readonly framesPerSecond: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Images as the pictures of a video. Only those that are shown are read. */
export async function* decodeImages(
  paths: readonly string[],
  { imagesPerSecond, size, from = 0, framesPerSecond, signal }: ImageOptions,
): AsyncGenerator<Picture, void, undefined> {
  const duration = 1 / imagesPerSecond;
  const first = Math.min(paths.length - 1, Math.floor(from * imagesPerSecond + 1e-6));
  const images = (async function* () {
    for (const [index, path] of paths.entries()) {
      if (index >= first) yield { path, seconds: index * duration, duration };
    }
  })();
  const shown =
    framesPerSecond === undefined ? images : samplePictures(images, framesPerSecond, { from });
  let last: { path: string; picture: Picture } | undefined;
  for await (const { path, ...times } of shown) {
    signal?.throwIfAborted();
    if (last?.path !== path) last = { path, picture: await decodeImage(path, size) };
    yield { ...last.picture, ...times };
  }
}
