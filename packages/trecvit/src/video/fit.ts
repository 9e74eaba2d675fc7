import { checkedSize, checkOneOf, checkOptions } from '@neverend/backend';
import type { TRecViTConfig } from '../config.ts';
import type { VideoInput } from '../config-file.ts';

/** The pictures that a model takes. */
export interface Fit {
  readonly imageSize: TRecViTConfig['imageSize'];
  readonly crop: VideoInput['crop'];
}

/** The size of pictures: a model's, or that of the video with a shorter side of at most `shortSide` pixels, or, without both, the video's. */
export type PictureSize = {
  readonly fit?: Fit | undefined;
  readonly shortSide?: number | undefined;
};

/** The fit that makes a picture of `rows` x `columns` be of a size; undefined where it is already. */
export function fitOf(rows: number, columns: number, size: PictureSize): Fit | undefined {
  const { fit, shortSide } = size;
  if (fit !== undefined) return fit;
  const short = Math.min(rows, columns);
  if (shortSide === undefined || short <= shortSide) return undefined;
  const scaled = (side: number) => Math.max(1, Math.round((side * shortSide) / short));
  return { imageSize: [scaled(rows), scaled(columns)], crop: 'squeeze' };
}

/** A picture is resized to `rows` x `columns`; from row `top` and column `left` on, as much as the model takes is cut out. */
export interface Placement {
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
}

/** How pictures of `rows` x `columns`, as they are displayed, are made to fit. */
export function placementOf(rows: number, columns: number, { imageSize, crop }: Fit): Placement {
  const [wantedRows, wantedColumns] = imageSize;
  if (crop === 'squeeze') return { rows: wantedRows, columns: wantedColumns, top: 0, left: 0 };
  const scale = Math.max(wantedRows / rows, wantedColumns / columns);
  const scaledRows = Math.max(wantedRows, Math.round(rows * scale));
  const scaledColumns = Math.max(wantedColumns, Math.round(columns * scale));
  return {
    rows: scaledRows,
    columns: scaledColumns,
    top: Math.floor((scaledRows - wantedRows) / 2),
    left: Math.floor((scaledColumns - wantedColumns) / 2),
  };
}

/** @throws ShapeError | RangeError | TypeError naming the field that is wrong. */
export function checkFit(fit: Fit): void {
  checkOptions('fit', fit, ['imageSize', 'crop']);
  const { imageSize, crop } = fit;
  checkedSize('fit.imageSize[0]', imageSize?.[0]);
  checkedSize('fit.imageSize[1]', imageSize?.[1]);
  checkOneOf('fit.crop', crop, ['centre', 'squeeze']);
}
