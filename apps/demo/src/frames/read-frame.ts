import type { Fit, Picture } from '@neverend/trecvit/video';
import type { SentFrame } from './feed.ts';

/** What draws frames as pictures of a model's size. @throws Error where workers cannot draw. */
export function frameReader({
  imageSize: [rows, columns],
  crop,
}: Fit): (frame: SentFrame) => Picture {
  const canvas = new OffscreenCanvas(columns, rows);
  const pen = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  if (pen === null) throw new Error('This browser draws no pictures in workers.');
  pen.imageSmoothingQuality = 'high';
  return ({ picture, seconds }) => {
    const [width, height] =
      'displayWidth' in picture
        ? [picture.displayWidth, picture.displayHeight]
        : [picture.width, picture.height];
    const scale = Math.max(columns / width, rows / height);
    const [drawn, high] =
      crop === 'squeeze'
        ? [columns, rows]
        : [Math.round(width * scale), Math.round(height * scale)];
    pen.drawImage(picture, (columns - drawn) / 2, (rows - high) / 2, drawn, high);
    const { data } = pen.getImageData(0, 0, columns, rows);
    const pixels = new Uint8Array(rows * columns * 3);
    for (let at = 0, from = 0; at < pixels.length; at += 3, from += 4) {
      pixels.set(data.subarray(from, from + 3), at);
    }
    return { seconds, rows, columns, pixels };
  };
}
