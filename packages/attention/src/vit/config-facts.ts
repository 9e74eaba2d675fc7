import type { InterpolationOptions } from '../learned-positions/interpolate.ts';
import type { MlpGelu } from '../mlp/index.ts';
import type { VitSizes } from '../vit-checkpoint/sizes.ts';
import type { VitPooling } from './config.ts';
import type { ModelClaim, PartClaim } from './vit-parts.ts';

/** What a config.json says that arrays do not. */
export interface ConfigFacts {
  readonly heads: number;
  readonly gelu: MlpGelu;
  readonly eps: number;
  /** Rows and columns of the images in pixels. */
  readonly image?: readonly [number, number] | undefined;
  /** Where it says so, if the positions must be of these. */
  readonly imageName?: string | undefined;
  readonly pooling?: VitPooling | undefined;
  readonly interpolation: InterpolationOptions;
  /** What it says of the arrays. */
  readonly claims: readonly (readonly [name: string, value: unknown, of: ClaimedSize])[];
  /** What it says that the arrays have and have not. */
  readonly parts: readonly PartClaim[];
  readonly model?: ModelClaim | undefined;
}

/** What a file and arrays may both say. `outputs` are the classes where there is a head. */
type ClaimedSize = Exclude<keyof VitSizes, 'heads' | 'tokens'> | 'outputs' | 'registers';
