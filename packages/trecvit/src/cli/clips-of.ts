import type { Picture } from '../video/picture.ts';

/** Consecutive pictures of a video. */
export interface PictureClip {
  /** Since the video began. */
  readonly from: number;
  readonly pictures: readonly Picture[];
}

/**
 * A video as clips that follow each other, of which the last begins early enough to be whole. A video of fewer frames is one clip. No
 * more than one clip is held.
 */
export async function* clipsOf(
  pictures: AsyncIterable<Picture>,
  frames: number,
  framesPerSecond: number,
): AsyncGenerator<PictureClip, void, undefined> {
  const recent: Picture[] = [];
  let [seen, cut] = [0, 0];
  const clip = (): PictureClip => ({
    from: (seen - recent.length) / framesPerSecond,
    pictures: [...recent],
  });
  for await (const picture of pictures) {
    recent.push(picture);
    if (recent.length > frames) recent.shift();
    seen++;
    if (seen - cut < frames) continue;
    yield clip();
    cut = seen;
  }
  if (seen > cut) yield clip();
}
