import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@neverend/checkpoint/node';
import { cardFile, weightsFile } from '../pretrained/model-place.ts';
import type { TRecViT } from '../trecvit.ts';

/**
 * Writes a model into a folder as `config.json` and `model.safetensors`, which `TRecViT.fromPretrained` reads. At any moment, also
 * after a crash, who reads the folder finds all of the old model or all of the new: the weights take their place at once, with
 * the card inside, and `config.json` follows.
 *
 * @param folder made where there is none. @throws the file system's error.
 */
export async function saveModel(model: TRecViT, folder: string): Promise<void> {
  const files = await model.toFiles();
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, weightsFile), files[weightsFile]);
  await writeFileAtomic(join(folder, cardFile), files[cardFile]);
}
