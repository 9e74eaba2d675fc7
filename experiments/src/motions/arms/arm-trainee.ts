import type { Params } from '@neverend/nn';
import type { TRecViTConfig, VideoInput } from '@neverend/trecvit';
import { decays, type Trainee } from '@neverend/trecvit/training';
import { armLogits } from './arm-model.ts';
import type { ArmName } from './time-mixers.ts';

/** An arm as `trainClassifier` takes it. @param params of `initArm`; they stay the caller's. */
export function armTrainee(
  arm: ArmName,
  params: Params,
  config: TRecViTConfig,
  input: VideoInput,
): Trainee {
  return {
    params,
    format: { frames: config.frames, imageSize: config.imageSize, input },
    logits: (video, now) => armLogits(arm, video, now, config),
    decays,
  };
}
