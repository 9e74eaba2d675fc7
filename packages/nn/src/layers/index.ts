/**
 * What layers of tf.layers are made with, in any package.
 *
 * @module
 */
export {
  type ArgCheck,
  byDefault,
  dropoutRate,
  finite,
  flag,
  type LayerArg,
  notNegative,
  oneOf,
  optional,
  required,
  size,
} from './args.ts';
export {
  type AnyArg,
  type ArgSpecs,
  type ArgsOf,
  type ArgValue,
  type CheckedArgs,
  defineLayer,
  type InputSizes,
  inputWidth,
  type LayerArgs,
  type LayerCall,
  type LayerClass,
  type LayerDefinition,
  type LayerFactory,
  type PerInput,
  registerLayers,
  type SeededLayerArgs,
} from './define-layer.ts';
export { isModelCall } from './mask-reaches.ts';
export type { Regularized, RegularizerArg } from './regularizers.ts';
