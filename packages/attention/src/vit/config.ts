import { checkedSize, checkFlag, checkNumber, checkOneOf, checkOptions } from '@neverend/backend';
import type { EncoderOptions } from '../encoder/index.ts';
import { checkInterpolation, type InterpolationOptions } from '../learned-positions/interpolate.ts';
import { checkMlpGelu } from '../mlp/index.ts';
import { checkGrid } from '../sincos-positions/index.ts';

/**
 * What the features are. `first`: the first token. `average`: that of the patches. `attention`: `attentionPooling` of the patches.
 * `distilled`: the average of the first two tokens, and of the logits that each head makes of its own (arXiv 2012.12877).
 * `first-average`: the first token, and beside it the average of the patches.
 */
export type VitPooling = 'first' | 'average' | 'attention' | 'distilled' | 'first-average';

const poolings: readonly VitPooling[] = [
  'first',
  'average',
  'attention',
  'distilled',
  'first-average',
];

/** What `vit` must know beside the parameters. `loadVit` makes it; it is plain JSON. */
export interface VitConfig
  extends Pick<
    EncoderOptions,
    'depth' | 'heads' | 'qkNorm' | 'eps' | 'layerScale' | 'finalNorm' | 'swiglu'
  > {
  /** Form of GELU; `tanh` where it is left out. */
  readonly gelu?: EncoderOptions['gelu'];
  /** What the features are. */
  readonly pooling: VitPooling;
  /** Rows and columns of patches that the learned positions are of. Positions are sines and cosines where it is left out. */
  readonly grid?: readonly [rows: number, columns: number] | undefined;
  /** How positions become those of images of another size. */
  readonly interpolation?: InterpolationOptions | undefined;
}

const ofBlocks = [
  'depth',
  'heads',
  'qkNorm',
  'eps',
  'layerScale',
  'finalNorm',
  'gelu',
  'swiglu',
] as const;

const flags = ['qkNorm', 'layerScale', 'finalNorm', 'swiglu'] as const;

/** @throws RangeError | ShapeError | TypeError naming what is wrong. */
export function checkVitConfig(config: VitConfig): void {
  checkOptions('vit', config, [...ofBlocks, 'pooling', 'grid', 'interpolation']);
  checkedSize('depth', config.depth, 0);
  checkedSize('heads', config.heads);
  checkNumber('eps', config.eps ?? 0, 0);
  checkMlpGelu(config.gelu);
  for (const name of flags) checkFlag(name, config[name] ?? false);
  checkOneOf('pooling', config.pooling, poolings);
  if (config.grid !== undefined) checkGrid('grid', config.grid);
  if (config.interpolation !== undefined) {
    checkInterpolation('interpolation', config.interpolation);
  }
}
