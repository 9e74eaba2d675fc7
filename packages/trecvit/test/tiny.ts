import { officialConstants, type TRecViTConfig } from '../src/index.ts';

/** A model of frames of 8 x 12 pixels. */
export const tiny: TRecViTConfig = {
  ...officialConstants,
  ...{ layers: 2, width: 8, mlpWidth: 12, heads: 2, lruWidth: 12, gateBlocks: 2, minRadius: 0.5 },
  ...{ patch: 4, imageSize: [8, 12], headWidth: 10, classes: 5, frames: 4 },
};
