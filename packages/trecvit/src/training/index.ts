export type { Clip, ClipFormat, ClipRequest, ClipSource } from './clip-source.ts';
export { decays } from './decays.ts';
export {
  type Evaluation,
  evaluateClassifier,
  type PredictOptions,
  predictVideos,
  type VideoPrediction,
} from './evaluate-classifier.ts';
export { smoothedCrossEntropy } from './smoothed-cross-entropy.ts';
export { trainClassifier } from './train-classifier.ts';
export type { TrainingProgress, TrainingResult, TrainOptions } from './train-options.ts';
export type { TrainSettings } from './train-settings.ts';
export type { Trainee } from './trainee.ts';
export { type TRecViTTraineeOptions, trecvitTrainee } from './trecvit-trainee.ts';
