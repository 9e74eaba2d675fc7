import type { FilterContext, FilterGraph, Frame, Rational } from 'node-av/lib';
import { fitOf, type PictureSize, placementOf } from '../video/fit.ts';
import type { Picture } from '../video/picture.ts';
import { VideoError } from '../video/video-error.ts';
import type { DecodedFrame } from './decode-frames.ts';
import { type Turn, turnOf } from './display-matrix.ts';
import type { NodeAv } from './node-av.ts';
import { maxPixels } from './open-video.ts';

/** Formats of pixels with transparency, by their names in FFmpeg. */
const transparent = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya|pal8|ayuv|vuya)/;

export interface ConverterOptions {
  readonly av: NodeAv;
  /** The video as messages name it. */
  readonly name: string;
  readonly size: PictureSize;
  /** The display matrix of the file, for frames that have none of their own. */
  readonly matrix?: Uint8Array | null;
  /** The width of a pixel by its height, where the file says it; frames have their codec's. */
  readonly aspect?: number | undefined;
}

/** Turns decoded frames into pictures as they are displayed: upright, with square pixels, and of a size. */
export class FrameToPicture {
  readonly #av: NodeAv;
  readonly #name: string;
  readonly #size: PictureSize;
  readonly #matrix: Uint8Array | null;
  readonly #aspect: number | undefined;
  #graph: { key: string; graph: FilterGraph; from: FilterContext; to: FilterContext } | undefined;

  constructor({ av, name, size, matrix, aspect }: ConverterOptions) {
    this.#av = av;
    this.#name = name;
    this.#size = size;
    this.#matrix = matrix ?? null;
    this.#aspect = aspect;
  }

  /** The frame stays the caller's. */
  async convert({ frame, ...times }: DecodedFrame): Promise<Picture> {
    const { from, to } = await this.#graphFor(frame);
    const result = new this.#av.Frame();
    result.alloc();
    try {
      this.#check(await from.buffersrcAddFrame(frame, this.#av.AV_BUFFERSRC_FLAG_KEEP_REF));
      this.#check(await to.buffersinkGetFrame(result));
      const { width: columns, height: rows } = result;
      const pixels = new Uint8Array(rows * columns * 3);
      pixels.set(result.toBuffer().subarray(0, pixels.length));
      return { ...times, rows, columns, pixels };
    } finally {
      result.free();
    }
  }

  /** The filters for frames of this form. Those of a file may change. */
  async #graphFor(frame: Frame): Promise<{ from: FilterContext; to: FilterContext }> {
    const av = this.#av;
    const { width, height, format, colorSpace, colorRange } = frame;
    const aspect = this.#aspect ?? aspectOf(frame.sampleAspectRatio) ?? 1;
    const turn = turnOf(frame.getSideData(av.AV_FRAME_DATA_DISPLAYMATRIX) ?? this.#matrix);
    if (turn === undefined) {
      throw new VideoError(`${this.#name} is turned by an angle that is no multiple of 90 degrees`);
    }
    const key = JSON.stringify([width, height, format, colorSpace, colorRange, aspect, turn]);
    if (this.#graph?.key === key) return this.#graph;
    this.close();
    const graph = new av.FilterGraph();
    graph.alloc();
    graph.nbThreads = 1;
    try {
      const ends = await this.#connect(graph, frame, aspect, turn);
      this.#graph = { key, graph, ...ends };
      return ends;
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  async #connect(
    graph: FilterGraph,
    { width, height, format, colorSpace, colorRange }: Frame,
    aspect: number,
    turn: Turn,
  ): Promise<{ from: FilterContext; to: FilterContext }> {
    const av = this.#av;
    const source = [
      `video_size=${width}x${height}`,
      `pix_fmt=${format}`,
      `colorspace=${colorSpace}`,
      `range=${colorRange}`,
      'time_base=1/1000000',
      'pixel_aspect=1/1',
    ];
    const [buffer, sink] = [av.Filter.getByName('buffer'), av.Filter.getByName('buffersink')];
    const from = buffer && graph.createFilter(buffer, 'in', source.join(':'));
    const to = sink && graph.createFilter(sink, 'out', null);
    if (!from || !to) {
      throw new VideoError(`${this.#name} has pictures of a form that is not known`);
    }
    const filters = filtersOf({
      name: this.#name,
      rows: height,
      columns: width,
      aspect,
      turn,
      size: this.#size,
      isTransparent: transparent.test(av.avGetPixFmtName(format as never) ?? ''),
    });
    const [outputs, inputs] = [endOf(av, 'in', from), endOf(av, 'out', to)];
    this.#check(graph.parsePtr(filters, inputs, outputs));
    this.#check(await graph.config());
    return { from, to };
  }

  #check(code: number): void {
    if (code >= 0) return;
    const reason = this.#av.FFmpegError.strerror(code);
    throw new VideoError(`${this.#name} has a picture that cannot be converted: ${reason}`);
  }

  close(): void {
    this.#graph?.graph.free();
    this.#graph = undefined;
  }
}

/** The width of a pixel by its height; undefined where it is not said. */
export function aspectOf({ num, den }: Pick<Rational, 'num' | 'den'>): number | undefined {
  return num > 0 && den > 0 ? num / den : undefined;
}

function endOf(
  av: NodeAv,
  name: string,
  filter: FilterContext,
): InstanceType<NodeAv['FilterInOut']> {
  const end = new av.FilterInOut();
  end.alloc();
  end.name = name;
  end.filterCtx = filter;
  end.padIdx = 0;
  return end;
}

/** A chain of FFmpeg's filters. */
function filtersOf(picture: {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** The width of a pixel by its height. */
  readonly aspect: number;
  readonly turn: Turn;
  readonly size: PictureSize;
  readonly isTransparent: boolean;
}): string {
  const { aspect, turn, isTransparent } = picture;
  const isOnItsSide = turn.degrees === 90 || turn.degrees === 270;
  const displayed = [picture.rows, Math.max(1, Math.round(picture.columns * aspect))] as const;
  const [rows, columns] = isOnItsSide ? [displayed[1], displayed[0]] : displayed;
  const fit = fitOf(rows, columns, picture.size);
  const place =
    fit === undefined ? { rows, columns, top: 0, left: 0 } : placementOf(rows, columns, fit);
  const [keptRows, keptColumns] = fit?.imageSize ?? [rows, columns];
  if (place.rows * place.columns > maxPixels) {
    throw new VideoError(
      `${picture.name} has pictures of ${rows} x ${columns} pixels, which would be ${place.rows} x ${place.columns} when resized; at most ${maxPixels} pixels are computed`,
    );
  }
  const turns = {
    0: [],
    90: ['transpose=clock'],
    180: ['hflip', 'vflip'],
    270: ['transpose=cclock'],
  };
  return [
    // What is behind a transparent picture is black, as in a browser's canvas without transparency.
    ...(isTransparent ? ['format=gbrap', 'premultiply=inplace=1'] : []),
    ...(turn.mirrored ? ['hflip'] : []),
    ...turns[turn.degrees],
    `scale=${place.columns}:${place.rows}:flags=bilinear+accurate_rnd+full_chroma_int+full_chroma_inp`,
    'format=rgb24',
    `crop=${keptColumns}:${keptRows}:${place.left}:${place.top}:exact=1`,
  ].join(',');
}
