import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadLanguageModel, type SavedModel } from '../training/model-folder.ts';

/** The folder of the model of a run, or a folder as it is. */
export async function modelFolderOf(path: string): Promise<string> {
  const inside = join(path, 'model');
  const isRun = await stat(inside).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isRun ? inside : path;
}

/** Opens the model of a run, or one alone. @param path of the folder. */
export async function openModel(path: string): Promise<SavedModel> {
  return loadLanguageModel(await modelFolderOf(path));
}
