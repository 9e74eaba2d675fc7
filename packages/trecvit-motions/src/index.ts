export { sureFrom } from './sure-from.ts';

/**
 * Where the model lies: `model.safetensors` and `config.json`, as `TRecViT.fromPretrained` reads them. In Node an address of a folder of
 * this package; in a browser that of a folder beside the script, where no bundler has moved it.
 *
 * @throws TypeError in a script that is no module, which does not know its address.
 */
export const folderUrl = (): URL => new URL(/* @vite-ignore */ '../model/', import.meta.url);

/** The parameters alone, in a form that bundlers know: they copy the file and put its new address here. @throws as `folderUrl`. */
export const weightsUrl = (): URL => new URL('../model/model.safetensors', import.meta.url);

/** The configuration, likewise. @throws as `folderUrl`. */
export const configUrl = (): URL => new URL('../model/config.json', import.meta.url);

/** What the model tells apart, in the order of its logits: motions as they are seen in the picture, where a camera is no mirror. */
export const motionNames: readonly MotionName[] = [
  'left',
  'right',
  'up',
  'down',
  'nearer',
  'further',
  'turning',
  'still',
];

/** A motion before a camera. */
export type MotionName =
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'nearer'
  | 'further'
  | 'turning'
  | 'still';
