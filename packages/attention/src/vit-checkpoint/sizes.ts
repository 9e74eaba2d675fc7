/** Sizes of a vision transformer whose checkpoint is read. What is left out is as the arrays have it. */
export interface VitSizes {
  /** Width D of the tokens. */
  readonly width?: number | undefined;
  /** Number of blocks. */
  readonly depth?: number | undefined;
  /** Number H of heads; must divide the width. The arrays of timm and transformers do not have it. */
  readonly heads?: number | undefined;
  /** Width F of the MLPs. */
  readonly mlpWidth?: number | undefined;
  /** Side of a patch in pixels. */
  readonly patch?: number | undefined;
  /** Channels of the images. */
  readonly channels?: number | undefined;
  /** Tokens with a position. */
  readonly tokens?: number | undefined;
  /** Width of the head's output. Without one the parameters have no head, and what a checkpoint has of one is left out. */
  readonly classes?: number | undefined;
}

/** The names of these sizes. */
export const vitSizes: readonly (keyof VitSizes)[] = [
  'width',
  'depth',
  'heads',
  'mlpWidth',
  'patch',
  'channels',
  'tokens',
  'classes',
];

/**
 * `flax`: the npz files of github.com/google-research/vision_transformer and github.com/google-research/big_vision. `timm`: those of
 * PyTorch's timm, and of papers whose code has its names. `transformers`: Hugging Face's ViT, DeiT, ViTMAE, ViTMSN, IJepa, Dinov2,
 * Dinov2WithRegisters, Siglip and CLIP, of versions 4 and 5.
 */
export type VitLayout = 'flax' | 'timm' | 'transformers';
