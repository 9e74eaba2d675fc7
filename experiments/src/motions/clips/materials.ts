import type { Texture } from './texture.ts';

/** What clips are made of. Those for training and those held out have no photograph and no digit in common. */
export interface Materials {
  /** Of 3 channels. */
  readonly photographs: readonly Texture[];
  /** `[N, 28, 28]`: how much of each pixel a pen covered. */
  readonly digits: Uint8Array;
}
