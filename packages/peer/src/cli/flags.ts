import type { BackendFlags, OutputFlags } from '@neverend/command-line';
import type { QueryNorm } from '@neverend/product-keys';
import type { FeedForwardConfig } from '../language-model/feed-forward/index.ts';
import type { PresetName } from './preset-name.ts';

// What the command line gives to each command.

/** A kind of feed-forward. */
export type Kind = FeedForwardConfig['kind'];

/** The sizes of a model, as flags. */
export interface ModelFlags {
  readonly preset?: PresetName;
  readonly tokens?: 'bytes' | 'bpe';
  readonly vocabulary?: number;
  readonly width?: number;
  readonly heads?: number;
  readonly context?: number;
  readonly blocks?: readonly Kind[];
  readonly hidden?: number;
  readonly experts?: number;
  readonly topK?: number;
  readonly expertHidden?: number;
  readonly keys?: number;
  readonly keyHeads?: number;
  readonly picks?: number;
  readonly keyWidth?: number;
  readonly queryNorm?: QueryNorm;
}

export interface EvalFlags extends BackendFlags {
  readonly windows?: number;
  readonly baselines: boolean;
}

export interface InspectFlags extends BackendFlags {
  readonly windows?: number;
  readonly plot?: string;
}

export interface InfoFlags extends ModelFlags, OutputFlags {}

export interface SampleFlags extends BackendFlags {
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP: number;
  readonly seed: number;
}

export interface TrainFlags extends ModelFlags, BackendFlags {
  readonly out?: string;
  readonly heldOutShare: number;
  readonly splitSeed: number;
  readonly checkpointSeconds: number;
  readonly seed?: number;
}
