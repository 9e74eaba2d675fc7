import type { BackendChoice } from '@neverend/backend';
import type { LiveStep, TransferredFrames } from '@neverend/trecvit/video';

/** What the page and its worker say to each other. */

/** Where the model comes from. */
export type ModelChoice =
  | { readonly kind: 'shipped' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'files'; readonly files: readonly File[] };

export type BackendWish = 'auto' | 'webgpu' | 'wasm' | 'cpu';

/** What is known of a model once it is loaded. */
export interface About {
  readonly backend: Pick<BackendChoice, 'name' | 'device' | 'warning'>;
  readonly classes: number;
  readonly classNames?: readonly string[];
  readonly framesPerSecond: number;
  /** The probability below which the model is not sure. */
  readonly threshold: number;
}

/** What came of one frame. */
export interface Step extends LiveStep {
  /** Tensors in the worker. */
  readonly tensors: number;
  /** Of the weights that kernels keep in a layout of their own. */
  readonly packedBytes: number;
}

export type ToWorker =
  | { readonly type: 'load'; readonly backend: BackendWish; readonly model: ModelChoice }
  /** Classifies the frames that come, in the place of those of an earlier session. */
  | { readonly type: 'watch'; readonly session: number; readonly frames: TransferredFrames }
  /** Frames that come are closed unseen, until it is said that they are not any more. */
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'stop' };

export type FromWorker =
  /** `fraction` of the download, where its length is known. */
  | { readonly type: 'loading'; readonly fraction?: number }
  | { readonly type: 'ready'; readonly about: About }
  | { readonly type: 'broken'; readonly sentence: string }
  | { readonly type: 'step'; readonly session: number; readonly step: Step }
  | { readonly type: 'ended'; readonly session: number }
  /** `tensors` in the worker, which hold the model alone then. */
  | { readonly type: 'stopped'; readonly tensors: number }
  | { readonly type: 'failed'; readonly session: number; readonly sentence: string };
