export type { Clip, ClipFormat, ClipRequest, ClipSource } from './clip-source.ts';
export { readClassFolders } from './data/read-class-folders.ts';
export { readVideoTable } from './data/read-video-table.ts';
export { splitVideos } from './data/split-videos.ts';
export type { VideoEntry } from './data/video-entry.ts';
export { type VideoFilesOptions, videoFiles } from './data/video-files.ts';
export { decays } from './decays.ts';
export {
  type Evaluation,
  evaluateClassifier,
  type PredictOptions,
  predictVideos,
  type VideoPrediction,
} from './evaluate-classifier.ts';
export { smoothedCrossEntropy } from './smoothed-cross-entropy.ts';
export { type Start, type StartingPoint, startFrom } from './start-from.ts';
export { checkTraining, trainClassifier } from './train-classifier.ts';
export type { TrainSettings } from './train-defaults.ts';
export type { TrainingProgress, TrainingResult, TrainOptions } from './train-options.ts';
export type { Trainee } from './trainee.ts';
export type { StepEvaluation } from './training-state.ts';
export { type TRecViTTraineeOptions, trecvitTrainee } from './trecvit-trainee.ts';
