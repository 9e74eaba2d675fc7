import { checkFit, type Fit, placementOf } from './fit.ts';
import type { Picture } from './picture.ts';
import { VideoError } from './video-error.ts';

/** What can be drawn: `VideoFrame`, `ImageBitmap`, `<video>`, `<img>`, `<canvas>`. */
export type Drawable = Exclude<CanvasImageSource, SVGImageElement>;

/** What pictures are drawn on. */
export type DrawingContext = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** Something that draws itself, turned as it is to be displayed. */
export interface Drawing {
  readonly rows: number;
  readonly columns: number;
  draw(context: DrawingContext, left: number, top: number, columns: number, rows: number): void;
}

/**
 * Reads what browsers can draw as pictures of a model's size. The browser resizes and cuts at once, upright and over black. Its smoothing is its
 * own: colours may differ by some of 255 steps from `resizePicture`.
 */
export class PictureReader {
  readonly #fit: Fit;
  #context: DrawingContext | undefined;

  /** @throws ShapeError | RangeError | TypeError naming a field of `fit`. */
  constructor(fit: Fit) {
    checkFit(fit);
    this.#fit = fit;
  }

  /** @param image is the caller's to close. @throws VideoError where it has no pixels. */
  read(image: Drawable, seconds: number): Picture {
    const [columns, rows] = displaySize(image);
    return this.readDrawing(
      {
        rows,
        columns,
        draw: (context, left, top, width, height) =>
          context.drawImage(image, left, top, width, height),
      },
      seconds,
    );
  }

  /** @throws VideoError where it has no pixels. */
  readDrawing(drawing: Drawing, seconds: number): Picture {
    if (!(drawing.rows > 0 && drawing.columns > 0)) {
      throw new VideoError(`the frame at ${seconds} s has no pixels`);
    }
    const [rows, columns] = this.#fit.imageSize;
    this.#context ??= contextOf(columns, rows);
    const context = this.#context;
    const place = placementOf(drawing.rows, drawing.columns, this.#fit);
    // What was there before would be seen through a frame with transparency.
    context.fillRect(0, 0, columns, rows);
    drawing.draw(context, -place.left, -place.top, place.columns, place.rows);
    const { data } = context.getImageData(0, 0, columns, rows);
    const pixels = new Uint8Array(rows * columns * 3);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      pixels[to] = data[from] as number;
      pixels[to + 1] = data[from + 1] as number;
      pixels[to + 2] = data[from + 2] as number;
    }
    return { seconds, rows, columns, pixels };
  }
}

function contextOf(columns: number, rows: number): DrawingContext {
  const settings = { alpha: false, willReadFrequently: true };
  let context: DrawingContext | null;
  if (typeof OffscreenCanvas === 'undefined') {
    const canvas = document.createElement('canvas');
    canvas.width = columns;
    canvas.height = rows;
    context = canvas.getContext('2d', settings) as CanvasRenderingContext2D | null;
  } else context = new OffscreenCanvas(columns, rows).getContext('2d', settings);
  if (context === null) throw new VideoError('this browser gives no canvas to draw on');
  context.imageSmoothingQuality = 'high';
  context.fillStyle = 'black';
  return context;
}

function displaySize(image: Drawable): [columns: number, rows: number] {
  if ('displayWidth' in image) return [image.displayWidth, image.displayHeight];
  if ('videoWidth' in image) return [image.videoWidth, image.videoHeight];
  if ('naturalWidth' in image) return [image.naturalWidth, image.naturalHeight];
  return [image.width, image.height];
}
