export { renderReport } from './render-report.ts';
export type {
  LearnerTiming,
  ReportAverageComparison,
  ReportBackend,
  ReportComparisons,
  ReportData,
  ReportExample,
  ReportExamples,
  ReportFlops,
  ReportLearner,
  ReportStream,
  ReportTask,
  ReportTaskComparison,
  ReportTaskResult,
  Timing,
  TimingHost,
} from './report-data.ts';
