import type { TRecViTForm, TRecViTSize } from '../config.ts';
import type { VideoInput } from '../config-file.ts';
import type { ModelFlags } from './options.ts';

/** What the command line says of a training, beside its settings. */
export interface TrainFlags extends Omit<ModelFlags, 'labels' | 'checkpoint'> {
  readonly out: string;
  readonly validate?: string;
  readonly validateShare: number;
  readonly from?: string;
  readonly freezeBody?: true;
  readonly size?: TRecViTSize;
  readonly form?: TRecViTForm;
  readonly imageSize?: readonly [rows: number, columns: number];
  readonly frames?: number;
  readonly framesPerSecond?: number;
  readonly crop?: VideoInput['crop'];
  readonly remat?: true;
  readonly skipBroken?: true;
  readonly checkpointSeconds: number;
  readonly seed?: number;
  readonly imagesPerSecond: number;
}
