import type { ReportTaskResult } from './report-data.ts';

/** At which end of the learning rates that were tried the chosen one lies, if it does: a better one may lie beyond. */
export function gridEdge({
  trials,
  chosen,
}: Pick<ReportTaskResult, 'trials' | 'chosen'>): 'smallest' | 'largest' | undefined {
  const rates = trials.map(({ learningRate }) => learningRate);
  const rate = chosen === null ? undefined : rates[chosen];
  const [smallest, largest] = [Math.min(...rates), Math.max(...rates)];
  if (rate === undefined || smallest === largest) return undefined;
  if (rate === smallest) return 'smallest';
  return rate === largest ? 'largest' : undefined;
}
