import { readFile } from 'node:fs/promises';
import type { PictureSize } from '../video/fit.ts';
import type { Picture } from '../video/picture.ts';
import { VideoError } from '../video/video-error.ts';
import { FrameToPicture } from './frame-to-picture.ts';
import { loadNodeAv, type NodeAv } from './node-av.ts';
import { maxPixels } from './open-video.ts';

/** What files begin with, as Latin-1; a dot stands for any byte. */
const signatures = {
  AV_CODEC_ID_PNG: /^\x89PNG\r\n/,
  AV_CODEC_ID_MJPEG: /^\xff\xd8\xff/,
  AV_CODEC_ID_WEBP: /^RIFF.{4}WEBP/s,
  AV_CODEC_ID_BMP: /^BM/,
  AV_CODEC_ID_TIFF: /^(II\*\0|MM\0\*)/,
} as const satisfies Partial<Record<keyof NodeAv, RegExp>>;

/** An image as a picture at 0 seconds. @throws VideoError naming it when it is none. */
export async function decodeImage(path: string, size: PictureSize): Promise<Picture> {
  const av = await loadNodeAv();
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new VideoError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  const start = bytes.toString('latin1', 0, 12);
  const names = Object.keys(signatures) as (keyof typeof signatures)[];
  const format = names.find((name) => signatures[name].test(start));
  const decoder = format && av.Codec.findDecoder(av[format]);
  if (!decoder)
    throw new VideoError(`${path} is no image that is known (png, jpg, webp, bmp, tiff)`);
  const codec = new av.CodecContext();
  codec.allocContext3(decoder);
  codec.setOption('max_pixels', maxPixels);
  const [packet, frame] = [new av.Packet(), new av.Frame()];
  packet.alloc();
  frame.alloc();
  const converter = new FrameToPicture({ av, name: path, size });
  const check = (code: number) => {
    if (code >= 0) return;
    throw new VideoError(`${path} is damaged or too large: ${av.FFmpegError.strerror(code)}`);
  };
  try {
    packet.data = bytes;
    check(await codec.open2(decoder, null));
    check(await codec.sendPacket(packet));
    await codec.sendPacket(null);
    check(await codec.receiveFrame(frame));
    return await converter.convert({ seconds: 0, frame });
  } finally {
    converter.close();
    frame.free();
    packet.free();
    codec.freeContext();
  }
}
