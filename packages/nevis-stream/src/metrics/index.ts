export { type AverageErrorRate, averageErrorRate } from './average-error-rate.ts';
export {
  ClassificationAccumulator,
  type ClassificationMetrics,
  classificationMetrics,
  predictedClass,
} from './classification-metrics.ts';
export { majorityClassError } from './majority-class-error.ts';
export { holm, mcNemar } from './mc-nemar.ts';
export { type PairedExamples, type PairedInterval, pairedBootstrap } from './paired-bootstrap.ts';
export { type CostAndError, paretoFront } from './pareto-front.ts';
