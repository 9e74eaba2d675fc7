import type { TRecViTForm, TRecViTSize } from '../config.ts';
import type { VideoInput } from '../config-file.ts';
import type { BackendFlags, ModelFlags } from './options.ts';

// What the command line gives to each command.

export interface ClassifyFlags extends ModelFlags {
  readonly top: number;
  readonly sureFrom?: number;
  readonly crops: number;
  readonly imagesPerSecond: number;
}

export interface CompareFlags extends BackendFlags {
  readonly frames: readonly number[];
  readonly memory?: number;
}

export interface ConvertFlags
  extends Pick<ModelFlags, 'labels' | 'offline' | 'cache' | 'json' | 'quiet'> {
  readonly vit?: true;
  readonly form?: TRecViTForm;
  readonly frames?: number;
  readonly framesPerSecond?: number;
  readonly crop?: VideoInput['crop'];
}

export interface InfoFlags
  extends BackendFlags,
    Pick<ModelFlags, 'checkpoint' | 'offline' | 'cache'> {
  readonly size?: TRecViTSize;
  readonly form?: TRecViTForm;
  readonly clip?: true;
}

export interface StreamFlags extends ModelFlags {
  readonly top: number;
  readonly sureFrom?: number;
  readonly every?: number;
  readonly halfLife?: number;
  readonly window?: number;
  readonly live?: true;
  readonly imagesPerSecond: number;
}

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
  readonly unchecked?: true;
  readonly checkpointSeconds: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly imagesPerSecond: number;
}
