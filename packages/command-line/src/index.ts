export { commandLine, quoted } from './command-line.ts';
export { leaveNpmFolder } from './npm-script.ts';
export {
  type BackendFlags,
  backendOptions,
  checkEmpty,
  checkEmptyValues,
  checkThreads,
  integer,
  notNegative,
  notNegativeInteger,
  numberFrom,
  type OutputFlags,
  outputOptions,
  positiveInteger,
  positiveNumber,
  requiredOption,
  share,
  shareBelowOne,
} from './options.ts';
export { type ProgressDisplay, progressDisplay, type Step } from './progress-display.ts';
export { messageOf, statusHelp } from './report-error.ts';
export {
  type CommandContext,
  commandRunner,
  endWithReader,
  type RunCommand,
} from './run-command.ts';
export { runProgram } from './run-program.ts';
export {
  flagOf,
  type Setting,
  type Settings,
  settingOptions,
  settingsAmong,
} from './setting-options.ts';
export { type Backend, startBackend } from './start-backend.ts';
export { table } from './table.ts';
export { bytes, count, duration, milliseconds, withPrefix } from './units.ts';
export { exitStatus, UsageError } from './usage-error.ts';
