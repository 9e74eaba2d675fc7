import {
  encoderBlock,
  initEncoderBlock,
  initLearnedPositions,
  learnedPositions,
} from '@neverend/attention';
import { checkOptions, checkSizes, randomKey, ShapeError } from '@neverend/backend';
import { initLinear, layerNorm, linear, subtree, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { Json } from '../types.ts';

/** Tensors by slash names. */
export type Params = Readonly<Record<string, tf.Tensor>>;

/** What turns images into features; a head per task goes on top. */
export interface Backbone {
  /** Everything that decides its shape, for the run's settings file. */
  readonly settings: { readonly [key: string]: Json };
  /** Side of the images that it reads, in pixels. */
  readonly imageSize: number;
  /** Width D of the features. */
  readonly width: number;
  /** @returns fresh random parameters, a function of `seed` alone and the caller's to dispose. */
  init(seed: readonly (string | number)[]): Params;
  /** @param images `[B, S, S, 3]` in [-1, 1]. @returns features `[B, D]`. */
  features(images: tf.Tensor4D, params: Params): tf.Tensor2D;
}

/** Sizes of a vision transformer. */
export interface VitOptions {
  readonly imageSize: number;
  /** Side of a patch in pixels; must divide `imageSize`. */
  readonly patch: number;
  /** Width D of the tokens, and of the features. */
  readonly width: number;
  readonly depth: number;
  /** The number of heads, which must divide `width`. */
  readonly heads: number;
  readonly mlpWidth: number;
}

const vitSizes = ['imageSize', 'patch', 'width', 'depth', 'heads', 'mlpWidth'] as const;

/**
 * A vision transformer: linear patch embedding, learned positions, `depth` pre-LN encoder blocks, a final
 * layer norm and the mean over tokens (arXiv 2010.11929, with average pooling in place of the class token).
 *
 * @throws TypeError for an option that there is not, ShapeError for a size that is not a positive integer, a
 * `patch` that does not divide `imageSize`, or `heads` that do not divide `width`.
 */
export function vitBackbone(options: VitOptions): Backbone {
  checkOptions('vitBackbone', options, vitSizes);
  const { imageSize, patch, width, depth, heads, mlpWidth } = options;
  checkSizes({ imageSize, patch, width, depth, heads, mlpWidth });
  checkDivides('patch', patch, 'imageSize', imageSize);
  checkDivides('heads', heads, 'width', width);
  const side = imageSize / patch;
  const tokens = side * side;
  const patchWidth = patch * patch * 3;
  const blockName = (index: number) => `Transformer/encoderblock_${index}/`;
  return {
    settings: { kind: 'vit', ...options },
    imageSize,
    width,
    init: (seed) => {
      const params: Record<string, tf.Tensor> = {
        ...withPrefix(initLinear(randomKey(...seed, 'embedding'), patchWidth, width), 'embedding/'),
        // They start as large as the tokens that they are added to: from the usual 0.02 they do not grow enough in a
        // few hundred steps to tell one place from another.
        positions: initLearnedPositions(randomKey(...seed, 'positions'), tokens, width, 1),
        'encoder_norm/scale': tf.ones([width]),
        'encoder_norm/bias': tf.zeros([width]),
      };
      for (let index = 0; index < depth; index++) {
        const block = initEncoderBlock(randomKey(...seed, 'block', index), {
          width,
          heads,
          mlpWidth,
        });
        Object.assign(params, withPrefix(block, blockName(index)));
      }
      return params;
    },
    features: (images, params) =>
      tf.tidy(() => {
        const patches = tf.reshape(
          tf.transpose(tf.reshape(images, [-1, side, patch, side, patch, 3]), [0, 1, 3, 2, 4, 5]),
          [-1, tokens, patchWidth],
        );
        let x = linear(patches, at(params, 'embedding/kernel'), at(params, 'embedding/bias'));
        x = learnedPositions(x, at(params, 'positions'));
        for (let index = 0; index < depth; index++) {
          x = encoderBlock(x, subtree(params, blockName(index)), { heads });
        }
        const normed = layerNorm(
          x,
          at(params, 'encoder_norm/scale'),
          at(params, 'encoder_norm/bias'),
        );
        return tf.mean(normed, 1) as tf.Tensor2D;
      }),
  };
}

/**
 * The pixels themselves, so that the head on top is a multinomial logistic regression.
 *
 * @param imageSize side S in pixels; the features are `[B, S·S·3]`.
 * @throws ShapeError when `imageSize` is not a positive integer.
 */
export function pixelBackbone(imageSize: number): Backbone {
  checkSizes({ imageSize });
  return {
    settings: { kind: 'pixels', imageSize },
    imageSize,
    width: imageSize * imageSize * 3,
    init: () => ({}),
    features: (images) => tf.reshape(images, [-1, imageSize * imageSize * 3]),
  };
}

function checkDivides(name: string, divisor: number, ofName: string, of: number): void {
  if (of % divisor === 0) return;
  throw new ShapeError(`${name} was ${divisor}; it must be a divisor of ${ofName}, which is ${of}`);
}

function at(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (tensor === undefined) throw new Error(`the backbone has no parameter "${name}"`);
  return tensor;
}
