import type { Tensor } from '@tensorflow/tfjs-core';

/*
 * Shape legend of this package: rows = images, or batch times frames; N tokens of a row; D width;
 * H heads; D/H width of a head; F width of the MLP's hidden layer.
 */

/** Tensors by slash names, as flax names the parameters of its ViT. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, Tensor>>;
