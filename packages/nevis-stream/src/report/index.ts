export { renderReport } from './render-report.ts';
export type {
  LearnerTiming,
  ReportBackend,
  ReportData,
  ReportExample,
  ReportExamples,
  ReportFlops,
  ReportLearner,
  ReportStream,
  ReportTask,
  ReportTaskResult,
  Timing,
  TimingHost,
} from './report-data.ts';
