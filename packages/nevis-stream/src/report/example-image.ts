import { encode } from 'fast-png';
import type { ReportExamples } from './report-data.ts';

/**
 * A data URI with the image as PNG: grey for one channel, else false colour from the first three (two
 * channels repeat the second).
 *
 * @param pixels `[H, W, C]` bytes as base64.
 * @throws RangeError when there are not H * W * C bytes.
 */
export function imageDataUri(pixels: string, shape: ReportExamples['shape']): string {
  const [height, width, channels] = shape;
  const bytes = Buffer.from(pixels, 'base64');
  if (bytes.length !== height * width * channels) {
    throw new RangeError(
      `an example had ${bytes.length} bytes; it must have ${height} x ${width} x ${channels}`,
    );
  }
  const shown = channels === 1 ? 1 : 3;
  const data = new Uint8Array(height * width * shown);
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / shown);
    data[at] = bytes[pixel * channels + Math.min(at % shown, channels - 1)] ?? 0;
  }
  const png = encode({ width, height, data, channels: shown, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
