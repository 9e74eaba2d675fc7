import {
  checkedSize,
  checkList,
  checkNumber,
  checkObject,
  checkOneOf,
  checkTensor,
  ShapeError,
  type ShapePattern,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { filteredShares, filters, resampled, shareMatrix } from '../resampling.ts';
import { checkGrid } from '../sincos-positions/index.ts';
import { type Json, meaningOf, objectOf, refuse, sidesOf } from './file-values.ts';

/** How pictures become the images that a vision transformer was trained with. */
export interface VitPreprocessing {
  /** Height and width of an image in pixels. */
  readonly image: readonly [height: number, width: number];
  /** What a picture is resized to, before its middle is cut out: its shorter side, or height and width. */
  readonly resize: number | readonly [height: number, width: number];
  readonly interpolation: 'nearest' | 'lanczos' | 'bilinear' | 'bicubic';
  /**
   * Where the middle begins if it has half a pixel more than a whole number before it: at the even one of the two pixels, as timm cuts,
   * where it is left out; at the first one, as transformers does.
   */
  readonly middle?: 'even' | 'first' | undefined;
  /** Of colours from 0 to 1, by channel: an image is (colours - mean) / std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The filters by the numbers that Pillow has for them. */
const resampling = ['nearest', 'lanczos', 'bilinear', 'bicubic'] as const;
const words: Readonly<Record<string, (typeof resampling)[number]>> = Object.fromEntries(
  resampling.map((filter) => [filter, filter]),
);

/** What tells files of either package. */
const ofEither = {
  timm: /^(architecture|pretrained_cfg|input_size|crop_pct|crop_mode|interpolation|mean|std)$/,
  transformers: /^(do_|image_|size$|crop_size$|resample$|rescale_)/,
};

/** What transformers' classes that prepare images have where a file says nothing. */
interface Processor {
  readonly size: Json | number;
  readonly crop_size?: number;
  readonly do_center_crop?: boolean;
  readonly resample: number;
  readonly colours: Pick<VitPreprocessing, 'mean' | 'std'>;
  /** Whether a size that is a number is that of both sides, and not of the shorter one. */
  readonly default_to_square?: boolean;
}

const grey = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const vit: Processor = { size: 224, resample: 2, colours: grey };
const clip: Processor = {
  ...{
    size: { shortest_edge: 224 },
    default_to_square: false,
    crop_size: 224,
    do_center_crop: true,
  },
  resample: 3,
  colours: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
};
const processors: Readonly<Record<string, Processor>> = {
  ViT: vit,
  DeiT: { ...vit, size: 256, resample: 3, crop_size: 224, do_center_crop: true },
  CLIP: clip,
  ChineseCLIP: clip,
  Bit: clip,
  Siglip: { ...vit, size: { height: 224, width: 224 }, default_to_square: false, resample: 3 },
  Beit: { ...vit, resample: 3, crop_size: 224 },
  Blip: { ...vit, size: 384, resample: 3, colours: clip.colours },
  DINOv3ViT: { ...vit, colours: imagenet },
};

/** The name of transformers' class in a file. Its wrapper of timm has timm's files. */
function kindOf({ image_processor_type, feature_extractor_type }: Json): unknown {
  const kind = image_processor_type ?? feature_extractor_type ?? undefined;
  return kind === 'TimmWrapperImageProcessor' ? undefined : kind;
}

/** Of a file without a class what most of the early ones, which have none, are: ViT's, cut where they have a size of that. */
function processorOf(file: Json): Processor {
  const kind = kindOf(file);
  if (kind === undefined) return { ...vit, do_center_crop: file['crop_size'] != null };
  const name =
    file['image_processor_type'] == null ? 'feature_extractor_type' : 'image_processor_type';
  const [, model = ''] =
    /^(\w+?)(?:FeatureExtractor|ImageProcessor(?:Fast|Pil)?)$/.exec(String(kind)) ?? [];
  if (Object.hasOwn(processors, model)) return processors[model] as Processor;
  const known = Object.keys(processors).map((one) => `"${one}ImageProcessor"`);
  return refuse(`json.${name}`, kind, known.join(' or '));
}

/**
 * What a file says of pictures: timm's config.json, or transformers' preprocessor_config.json.
 *
 * @param json the file, parsed. Without one, what google-research's vision transformers have: images of 224 pixels in [-1, 1].
 * @throws NeverendError of the code NEVEREND_VIT_CONFIG naming what cannot be taken.
 */
export function vitPreprocessing(json?: unknown): VitPreprocessing {
  if (json === undefined) return ofTransformers({});
  const file = objectOf('json', json);
  const has = (names: RegExp) => Object.keys(file).some((name) => names.test(name));
  if (kindOf(file) !== undefined) return ofTransformers(file);
  if (has(ofEither.timm))
    return ofTimm(objectOf('json.pretrained_cfg', file['pretrained_cfg'] ?? file));
  if (has(ofEither.transformers)) return ofTransformers(file);
  return refuse('json', json, 'config.json of timm, or preprocessor_config.json of transformers');
}

/** What is subtracted from colours, and what they are divided by. */
function colours(
  file: Json,
  [meanName, stdName]: readonly [string, string],
  byDefault: Pick<VitPreprocessing, 'mean' | 'std'>,
): Pick<VitPreprocessing, 'mean' | 'std'> {
  const given = { [meanName]: byDefault.mean, [stdName]: byDefault.std, ...file };
  const mean = numbers(`json.${meanName}`, given[meanName]);
  const std = numbers(`json.${stdName}`, given[stdName]);
  if (!std.every((deviation) => deviation > 0))
    refuse(`json.${stdName}`, JSON.stringify(std), 'above 0 for every channel');
  if (std.length !== mean.length)
    refuse(
      `json.${stdName}`,
      JSON.stringify(std),
      `of ${mean.length} channels, as json.${meanName}`,
    );
  return { mean, std };
}

function numbers(name: string, value: unknown): readonly number[] {
  const isOne = Array.isArray(value) && value.length > 0;
  if (isOne && value.every((colour) => Number.isFinite(colour))) return value;
  return refuse(name, value, 'a list of numbers');
}

function ofTimm(cfg: Json): VitPreprocessing {
  const size = cfg['input_size'] ?? [3, 224, 224];
  if (!Array.isArray(size) || size.length !== 3)
    return refuse('json.input_size', size, 'a list of channels, height and width');
  const image = sidesOf('json.input_size', size.slice(1));
  const fraction = cfg['crop_pct'] ?? 0.875;
  if (!(typeof fraction === 'number' && fraction > 0 && fraction <= 1))
    return refuse('json.crop_pct', fraction, 'above 0 and at most 1');
  const scaled = image.map((side) => Math.floor(side / fraction)) as [number, number];
  const keepsShape = meaningOf('json.crop_mode', cfg['crop_mode'] ?? 'center', {
    center: true,
    squash: false,
  });
  if (keepsShape && image[0] !== image[1])
    refuse('json.input_size', size.join(' x '), 'a square unless json.crop_mode is "squash"');
  return {
    image,
    resize: keepsShape ? scaled[0] : scaled,
    interpolation: meaningOf('json.interpolation', cfg['interpolation'] ?? 'bilinear', words),
    ...colours(
      { mean: cfg['mean'] ?? imagenet.mean, std: cfg['std'] ?? imagenet.std },
      ['mean', 'std'],
      imagenet,
    ),
  };
}

function ofTransformers(file: Json): VitPreprocessing {
  const byDefault = { ...common, ...processorOf(file) };
  // What is null there is off, or missing; it is not what the class has.
  const said = (name: keyof typeof byDefault): unknown =>
    Object.hasOwn(file, name) ? file[name] : byDefault[name];
  for (const name of ['do_resize', 'do_rescale'] as const) {
    if (said(name) !== true) refuse(`json.${name}`, said(name), 'true');
  }
  const factor = said('rescale_factor');
  if (!(Math.abs(Number(factor) * 255 - 1) < 1e-6))
    refuse('json.rescale_factor', factor, '1 / 255');
  for (const name of ['rescale_offset', 'do_pad']) {
    if (file[name] === true) refuse(`json.${name}`, true, 'false');
  }
  const [size, filter] = [said('size'), said('resample')];
  const isShorter = typeof size === 'number' && said('default_to_square') !== true;
  const resize = sizeOf('json.size', isShorter ? { shortest_edge: size } : size);
  const isCut = said('do_center_crop') === true;
  if (!isCut && typeof resize === 'number')
    refuse('json.do_center_crop', said('do_center_crop'), notCut);
  const image = isCut ? sizeOf('json.crop_size', said('crop_size')) : resize;
  return {
    image: typeof image === 'number' ? [image, image] : image,
    resize,
    interpolation: resampling[filter as number] ?? refuse('json.resample', filter, '0, 1, 2 or 3'),
    middle: 'first',
    ...(said('do_normalize') === true
      ? colours(file, ['image_mean', 'image_std'], byDefault.colours)
      : { mean: [0, 0, 0], std: [1, 1, 1] }),
  };
}

/** What all of transformers' classes have. */
const common = {
  ...{ do_resize: true, do_rescale: true, do_normalize: true, do_center_crop: false },
  ...{ crop_size: undefined, rescale_factor: 1 / 255, default_to_square: true },
};

/** Pictures of other shapes would become images of other sizes. */
const notCut = 'true where json.size is the shorter side, which leaves images without a size';

/** `{ height, width }`, `{ shortest_edge }`, or a number, which older files have for both sides. */
function sizeOf(name: string, value: unknown): number | readonly [number, number] {
  if (typeof value === 'number' || Array.isArray(value)) return sidesOf(name, value);
  const size = (value ?? {}) as Json;
  const keys = Object.keys(size).sort().join();
  if (keys === 'height,width') return sidesOf(name, [size['height'], size['width']]);
  if (keys === 'shortest_edge') return sidesOf(name, size['shortest_edge'])[0];
  const was = typeof value === 'object' && value ? JSON.stringify(value) : value;
  return refuse(name, was, '{ height, width } or { shortest_edge }');
}

/**
 * Images as a vision transformer takes them, (pixels - mean) / std.
 *
 * @param pixels `[..., C]`, of the size that the model takes: float32 in [0, 1], or int32 in [0, 255], as `tf.browser.fromPixels` has them.
 * @returns the shape of `pixels`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function normalizeImages(
  pixels: tf.Tensor,
  preprocessing: Pick<VitPreprocessing, 'mean' | 'std'>,
): tf.Tensor {
  checkPixels(pixels, ['...', 'C']);
  checkColours(preprocessing);
  const { mean, std } = preprocessing;
  const channels = pixels.shape.at(-1) ?? 1;
  if (mean.length !== channels || std.length !== channels) {
    throw new ShapeError(
      `mean has ${mean.length} and std ${std.length} numbers; pixels of ${channels} channels must have as many`,
    );
  }
  return tf.tidy(() =>
    tf.div(tf.sub(fractions(pixels), tf.tensor1d([...mean])), tf.tensor1d([...std])),
  );
}

function checkColours(preprocessing: Pick<VitPreprocessing, 'mean' | 'std'>): void {
  checkObject('preprocessing', preprocessing, 'as vitPreprocessing gives it');
  const { mean, std } = preprocessing;
  for (const [name, colours] of Object.entries({ mean, std })) {
    checkList(name, colours, 'a number for each channel');
    for (const colour of colours) checkNumber(name, colour);
  }
}

function checkPixels(pixels: tf.Tensor, shape: ShapePattern): void {
  const isBytes = pixels instanceof tf.Tensor && pixels.dtype === 'int32';
  checkTensor('pixels', pixels, shape, isBytes ? 'int32' : 'float32');
}

/** Colours from 0 to 1. */
const fractions = (pixels: tf.Tensor): tf.Tensor =>
  pixels.dtype === 'int32' ? tf.div(tf.cast(pixels, 'float32'), 255) : pixels;

/**
 * Images as a vision transformer takes them, of pictures of any size: resized with antialias, cut to their middle, normalised. The packages
 * whose files say how round colours to bytes in between, which is up to half a byte away.
 *
 * @param pixels `[B, height, width, C]`: int32 in [0, 255], as `tf.browser.fromPixels` has them, or float32 in [0, 1]; what is beyond
 * becomes black or white, and so would bytes as float32.
 * @returns `[B, ...preprocessing.image, C]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another interpolation than `bilinear` and `bicubic`.
 */
export function preprocessImages(pixels: tf.Tensor, preprocessing: VitPreprocessing): tf.Tensor4D {
  checkPixels(pixels, ['B', 'height', 'width', 'C']);
  checkColours(preprocessing);
  const { image, resize, middle = 'even' } = preprocessing;
  const interpolation = preprocessing.interpolation as keyof typeof filters;
  checkOneOf('interpolation', interpolation, ['bilinear', 'bicubic']);
  checkGrid('image', image);
  if (typeof resize === 'number') checkedSize('resize', resize);
  else checkGrid('resize', resize);
  const [batch = 1, height = 1, width = 1, channels = 1] = pixels.shape;
  const shorter = Math.min(height, width);
  const size: readonly [number, number] =
    typeof resize === 'number'
      ? [Math.trunc((resize * height) / shorter), Math.trunc((resize * width) / shorter)]
      : resize;
  checkOneOf('middle', middle, ['even', 'first']);
  const [top, left] = [0, 1].map((axis) => {
    const half = ((size[axis] ?? 0) - (image[axis] ?? 0)) / 2;
    const first = Math.floor(half);
    return half === first || middle === 'first' ? first : first + (first % 2);
  }) as [number, number];
  if (top < 0 || left < 0) {
    throw new ShapeError(
      `image was [${image.join(', ')}]; it must fit into the resized ${size.join(' x ')} pixels`,
    );
  }
  return tf.tidy(() => {
    const [rows, columns] = [
      [height, size[0]],
      [width, size[1]],
    ].map(([from = 1, to = 1]) =>
      shareMatrix(from, to, (place) =>
        filteredShares((place + 0.5) * (from / to), from / to, from, filters[interpolation]),
      ),
    ) as [tf.Tensor2D, tf.Tensor2D];
    // The cubic filter goes beyond black and white.
    const resized = tf.clipByValue(resampled(fractions(pixels), rows, columns), 0, 1);
    const cut = tf.slice(resized, [0, top, left, 0], [batch, ...image, channels]);
    return normalizeImages(cut, preprocessing) as tf.Tensor4D;
  });
}
