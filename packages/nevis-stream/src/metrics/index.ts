export { type AverageErrorRate, averageErrorRate } from './average-error-rate.ts';
export {
  ClassificationAccumulator,
  type ClassificationMetrics,
  classificationMetrics,
  predictedClass,
} from './classification-metrics.ts';
export { majorityClassError } from './majority-class-error.ts';
export { type CostAndError, paretoFront } from './pareto-front.ts';
