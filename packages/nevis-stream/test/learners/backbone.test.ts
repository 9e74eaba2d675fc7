import { ShapeError, useBackend } from '@neverend/backend';
import { expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { pixelBackbone, type VitOptions, vitBackbone } from '../../src/learners/backbone.ts';

beforeAll(() => useBackend('wasm'));

const sizes: VitOptions = { imageSize: 6, patch: 3, width: 8, depth: 2, heads: 2, mlpWidth: 5 };

it('gives features [B, D] and leaves nothing else behind', () =>
  expectNoLeak(() => {
    for (const backbone of [vitBackbone(sizes), pixelBackbone(6)]) {
      const params = backbone.init(['seed']);
      const images = tf.ones([3, 6, 6, 3]) as tf.Tensor4D;
      const features = backbone.features(images, params);
      expect(features.shape).toEqual([3, backbone.width]);
      tf.dispose([params, images, features]);
    }
  }));

describe('sizes that make no backbone are refused, by name', () => {
  it.each<[Partial<Record<keyof VitOptions, number>>, string]>([
    [{ imageSize: 0 }, 'imageSize was 0; it must be a positive integer'],
    [{ patch: 1.5 }, 'patch was 1.5; it must be a positive integer'],
    [{ patch: 4 }, 'patch was 4; it must be a divisor of imageSize, which is 6'],
    [{ width: -8 }, 'width was -8; it must be a positive integer'],
    [{ depth: 1.5 }, 'depth was 1.5; it must be a positive integer'],
    [{ heads: 0 }, 'heads was 0; it must be a positive integer'],
    [{ heads: 3 }, 'heads was 3; it must be a divisor of width, which is 8'],
    [{ mlpWidth: Number.NaN }, 'mlpWidth was NaN; it must be a positive integer'],
  ])('%o', (wrong, message) => {
    expect(() => vitBackbone({ ...sizes, ...wrong })).toThrow(ShapeError);
    expect(() => vitBackbone({ ...sizes, ...wrong })).toThrow(message);
  });

  it('and so is a side of pixels', () => {
    expect(() => pixelBackbone(0)).toThrow('imageSize was 0; it must be a positive integer');
  });
});
