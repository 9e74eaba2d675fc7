export { modelFolder } from './model-folder.ts';
export { type NpzFile, openNpzFile, readNpz } from './npz-file.ts';
export { readSafetensors, writeSafetensors } from './safetensors-file.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
