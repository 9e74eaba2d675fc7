import { checkedSize, checkOptions } from '@neverend/backend';
import { checkConfig, gridOf, type TRecViTConfig, tokensOf } from './config.ts';

const BYTES = 4;

/**
 * Bytes of what a stream of a model keeps from frame to frame, in float32: of each layer and token, the state of the recurrent unit
 * and the convolution's last steps, and the head's average.
 *
 * @param options `batch`: default 1. `window`: as the stream's. @throws as `checkConfig` does.
 */
export function stateBytes(
  config: TRecViTConfig,
  options: { readonly batch?: number; readonly window?: number } = {},
): number {
  checkConfig(config);
  checkOptions('stateBytes', options, ['batch', 'window']);
  const { batch = 1, window = 1 } = options;
  const { layers, lruWidth, taps, headWidth } = config;
  const ofLayers = layers * tokensOf(config) * taps * lruWidth;
  const ofHead = checkedSize('window', window) * (headWidth + 1);
  return BYTES * checkedSize('batch', batch) * (ofLayers + ofHead);
}

/**
 * Floating-point operations of the products of a forward pass, a multiplication and an addition as two: what papers count. What
 * `FlopCounter` of `@neverend/backend` counts has norms, gates and the like too, some hundredths more.
 *
 * @param frames T, of one video. Default: the configuration's.
 */
export function productFlops(config: TRecViTConfig, frames: number = config?.frames): number {
  checkConfig(config);
  checkedSize('frames', frames);
  const { layers, width, mlpWidth, lruWidth, gateBlocks, patch } = config;
  const { channels, headWidth, classes } = config;
  const [rows, columns] = gridOf(config);
  const tokens = tokensOf(config);
  const recurrent = 3 * width * lruWidth + (2 * lruWidth * lruWidth) / gateBlocks;
  const attention = 4 * width * width + 2 * tokens * width;
  const perToken = recurrent + attention + 2 * width * mlpWidth;
  const perFrame =
    rows * columns * patch * patch * channels * width +
    layers * tokens * perToken +
    width * headWidth;
  return 2 * (frames * perFrame + headWidth * classes);
}
