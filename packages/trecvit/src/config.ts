import {
  checkedSize,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSizes,
  described,
  ShapeError,
} from '@neverend/backend';
import type { GeluForm } from '@neverend/nn';

/** The sizes and constants of a TRecViT: all that its parameters do not say themselves. */
export interface TRecViTConfig {
  /** The number L of layers, each a residual block over time and an encoder block over space. */
  readonly layers: number;
  /** The width D of tokens and features. */
  readonly width: number;
  /** The width F of the MLPs. */
  readonly mlpWidth: number;
  /** The number H of heads of attention. It divides D. */
  readonly heads: number;
  /** The width E of the recurrent units. */
  readonly lruWidth: number;
  /** The number of blocks of the recurrent units' gates; 1 for the paper's equations 1 and 2. It divides E. */
  readonly gateBlocks: number;
  /** The number K of taps of the convolution over time. */
  readonly taps: number;
  /** At the start the magnitudes of the eigenvalues are uniform by area in the ring from here to `maxRadius`. */
  readonly minRadius: number;
  readonly maxRadius: number;
  /** The constant C of the paper's equation 3: with its gate open, a step's decay is the eigenvalue to the power of C. */
  readonly decayPower: number;
  /** Epsilon of all norms. */
  readonly normEps: number;
  /** The form of GELU in the MLPs. Recurrent blocks always have the tanh form. */
  readonly gelu: GeluForm;
  /** The side of a patch in pixels. */
  readonly patch: number;
  /** Rows and columns of a frame in pixels; `patch` divides both. */
  readonly imageSize: readonly [rows: number, columns: number];
  /** The number of colours of a pixel. */
  readonly channels: number;
  /** What of a frame's tokens the head reads: the class token, which comes before the others, or their average. */
  readonly pooling: 'token' | 'average';
  /** The width P of what the head averages over time. */
  readonly headWidth: number;
  /** The number C of classes. */
  readonly classes: number;
  /** The number of frames of a clip: what the model is trained on. */
  readonly frames: number;
}

/** What the head may read. */
export const poolings: readonly TRecViTConfig['pooling'][] = ['token', 'average'];

/** The names of the sizes in the paper's tables. */
export type TRecViTSize = 'Ti' | 'S' | 'B' | 'L';

/**
 * `released`: the recurrent units are twice as wide as the tokens, and eigenvalues start from 0.5, as in the code and checkpoints at
 * github.com/google-deepmind/trecvit. `paper`: both are of one width, and eigenvalues start from 0.6 (arXiv 2412.14294, section 3
 * and table 15), which is what the paper's numbers of parameters and operations belong to.
 */
export type TRecViTForm = 'released' | 'paper';

/** The constants that all official models share, and the sizes that do not grow with them. */
export const officialConstants: Pick<
  TRecViTConfig,
  | 'taps'
  | 'maxRadius'
  | 'decayPower'
  | 'normEps'
  | 'gelu'
  | 'patch'
  | 'channels'
  | 'pooling'
  | 'headWidth'
> = {
  ...{ taps: 4, maxRadius: 0.999, decayPower: 8, normEps: 1e-6, gelu: 'tanh' },
  ...{ patch: 16, channels: 3, pooling: 'token', headWidth: 3072 },
};

const sizes = {
  Ti: { layers: 12, width: 192, mlpWidth: 768, heads: 3 },
  S: { layers: 12, width: 384, mlpWidth: 1536, heads: 6 },
  B: { layers: 12, width: 768, mlpWidth: 3072, heads: 12 },
  L: { layers: 24, width: 1024, mlpWidth: 4096, heads: 16 },
} as const;

/**
 * The configuration of a size, for clips of 32 frames of 224 x 224 pixels and the 400 classes of Kinetics-400 (`get_model` in the
 * official code).
 *
 * @param form Default: `released`.
 * @param changes fields with other values, such as `classes`.
 * @throws RangeError for another size or form. @throws as `checkConfig` does.
 */
export function trecvitConfig(
  size: TRecViTSize,
  form: TRecViTForm = 'released',
  changes: Partial<TRecViTConfig> = {},
): TRecViTConfig {
  const ofSize = Object.hasOwn(sizes, size) ? sizes[size] : undefined;
  if (ofSize === undefined) {
    const names = Object.keys(sizes).join(', ');
    throw new RangeError(`size was ${described(size)}; it must be one of ${names}`);
  }
  checkOneOf('form', form, ['released', 'paper']);
  checkOptions('trecvitConfig', changes, configFields);
  const config: TRecViTConfig = {
    ...officialConstants,
    ...ofSize,
    lruWidth: form === 'released' ? 2 * ofSize.width : ofSize.width,
    gateBlocks: changes.heads ?? ofSize.heads,
    minRadius: form === 'released' ? 0.5 : 0.6,
    imageSize: [224, 224],
    classes: 400,
    frames: 32,
    ...changes,
  };
  checkConfig(config);
  return config;
}

export const configFields: readonly (keyof TRecViTConfig)[] = [
  'layers',
  'width',
  'mlpWidth',
  'heads',
  'lruWidth',
  'gateBlocks',
  'taps',
  'minRadius',
  'maxRadius',
  'decayPower',
  'normEps',
  'gelu',
  'patch',
  'imageSize',
  'channels',
  'pooling',
  'headWidth',
  'classes',
  'frames',
];

/**
 * @throws ShapeError naming a size that is no positive integer, or that another one does not divide. @throws RangeError for
 * another pooling or GELU, or a constant outside of its range. @throws TypeError for an unknown field.
 */
export function checkConfig(config: TRecViTConfig): void {
  checkOptions('the configuration', config, configFields);
  const { layers, width, mlpWidth, heads, lruWidth, gateBlocks, taps, patch, imageSize } = config;
  const { channels, pooling, headWidth, classes, frames } = config;
  checkSizes({
    ...{ layers, width, mlpWidth, heads, lruWidth, gateBlocks },
    ...{ patch, channels, headWidth, classes, frames },
  });
  checkedSize('taps', taps, 2);
  checkConstants(config);
  if (width % heads !== 0) {
    throw new ShapeError(`heads was ${heads}; it must divide width, which is ${width}`);
  }
  if (lruWidth % gateBlocks !== 0) {
    throw new ShapeError(
      `gateBlocks was ${gateBlocks}; it must divide lruWidth, which is ${lruWidth}`,
    );
  }
  if (!Array.isArray(imageSize) || imageSize.length !== 2) {
    throw new ShapeError(`imageSize was ${JSON.stringify(imageSize)}; it must be [rows, columns]`);
  }
  const [rows, columns] = imageSize;
  checkSizes({ 'imageSize[0]': rows, 'imageSize[1]': columns });
  if (rows % patch !== 0 || columns % patch !== 0) {
    throw new ShapeError(
      `imageSize was [${imageSize.join(', ')}]; rows and columns must be multiples of patch, which is ${patch}`,
    );
  }
  checkOneOf('pooling', pooling, poolings);
}

function checkConstants({
  minRadius,
  maxRadius,
  decayPower,
  normEps,
  gelu,
}: Pick<TRecViTConfig, 'minRadius' | 'maxRadius' | 'decayPower' | 'normEps' | 'gelu'>): void {
  for (const [name, value] of Object.entries({ minRadius, maxRadius, decayPower, normEps })) {
    checkNumber(name, value, 0);
  }
  if (maxRadius >= 1) throw new RangeError(`maxRadius was ${maxRadius}; it must be below 1`);
  if (minRadius >= maxRadius) {
    throw new RangeError(`minRadius was ${minRadius}; it must be below maxRadius, ${maxRadius}`);
  }
  if (decayPower === 0) throw new RangeError('decayPower was 0; it must be above 0');
  checkOneOf('gelu', gelu, ['tanh', 'erf']);
}

/** Rows and columns of the patches of a frame. */
export function gridOf({
  imageSize: [rows, columns],
  patch,
}: Pick<TRecViTConfig, 'imageSize' | 'patch'>): [number, number] {
  return [rows / patch, columns / patch];
}

/** The number N of tokens of a frame, the class token among them. */
export function tokensOf(config: TRecViTConfig): number {
  const [rows, columns] = gridOf(config);
  return rows * columns + (config.pooling === 'token' ? 1 : 0);
}
