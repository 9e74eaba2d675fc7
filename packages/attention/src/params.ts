import type { Tensor } from '@tensorflow/tfjs-core';

/*
 * Shape legend of this package: rows = images, or batch times frames; N tokens of a row; D width;
 * H heads; D/H width of a head; F width of the MLP's hidden layer.
 */

/** Tensors by slash names, as flax names the parameters of its ViT. Names beyond those read are left alone. */
export type Params = Readonly<Record<string, Tensor>>;

/** The part of `params` below `prefix`, with the prefix taken off. */
export function paramsBelow(params: Params, prefix: string): Params {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/** `params` with `prefix` put before each name. */
export function paramsAbove(params: Params, prefix: string): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${prefix}${name}`, tensor]),
  );
}
