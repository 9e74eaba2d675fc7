export { modelFolder } from './model-folder.ts';
export { readNpy } from './npy-file.ts';
export { type NpzFile, openNpzFile, readNpz } from './npz-file.ts';
export { isSystemError, ofPath, type SystemError } from './of-path.ts';
export { hasCode, makeFolder, readFileIfPresent, removeParts } from './run-folder/files.ts';
export { jsonDifferences, readJson, stableJson, writeJson } from './run-folder/json-file.ts';
export { keepEqual } from './run-folder/keep-equal.ts';
export { lockFolder } from './run-folder/lock.ts';
export { MetricsFile } from './run-folder/metrics-file.ts';
export {
  type CheckpointParts,
  checkRunSettings,
  keepRunSettings,
  type ReadParts,
  readRunCheckpoint,
  removeRunLeftovers,
  withRunCheckpoint,
  writeRunCheckpoint,
} from './run-folder/run-checkpoint.ts';
export { RunError } from './run-folder/run-error.ts';
export {
  openSafetensorsFile,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from './safetensors-file.ts';
export { type FileContent, writeFileAtomic } from './write-file-atomic.ts';
