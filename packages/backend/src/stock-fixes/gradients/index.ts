import { registerBatchNormGradient } from './batch-norm.ts';
import { registerBroadcastGradients } from './broadcast.ts';
import { registerConvolutionGradients } from './convolutions.ts';
import { registerCropGradients } from './crops.ts';
import { registerDilationGradients } from './dilation.ts';
import { registerExtremeGradients } from './extremes.ts';
import { registerFunctionGradients } from './functions.ts';
import { registerFusedConvolutions } from './fused-convolutions.ts';
import { registerLookupGradients } from './lookups.ts';
import { registerOwnGradients } from './own-gradients.ts';
import { registerPaddingGradients } from './padding.ts';
import { registerPoolGradients } from './pools.ts';
import { registerProductGradients } from './products.ts';
import { registerRectifierGradients } from './rectifiers.ts';
import { registerResizingGradients } from './resizing.ts';
import { registerSavedOutputs } from './saved-outputs.ts';
import { registerScatterGradients } from './scatter.ts';
import { registerTileGradient } from './tile.ts';
import { registerTransformGradient } from './transform.ts';
import { registerZeroGradients } from './zeros.ts';

/** Gradients that stock TensorFlow.js has wrong or not at all, first and second ones. */
export function registerGradients(): void {
  registerSavedOutputs();
  registerZeroGradients();
  registerBroadcastGradients();
  registerExtremeGradients();
  registerRectifierGradients();
  registerBatchNormGradient();
  registerProductGradients();
  registerPaddingGradients();
  registerScatterGradients();
  registerLookupGradients();
  registerTileGradient();
  registerResizingGradients();
  registerTransformGradient();
  registerCropGradients();
  registerConvolutionGradients();
  registerFusedConvolutions();
  registerPoolGradients();
  registerDilationGradients();
  registerFunctionGradients();
  registerOwnGradients();
}
