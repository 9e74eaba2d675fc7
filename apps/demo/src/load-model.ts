import { type PretrainedOptions, readCard, TRecViT } from '@neverend/trecvit';
import { sureFrom, weightsUrl } from '@neverend/trecvit-motions';
import type { ModelChoice } from './protocol.ts';

export interface LoadedModel {
  readonly model: TRecViT;
  /** The probability below which it is not sure; 0 where nobody has found out. */
  readonly threshold: number;
}

type Progress = (fraction: number | undefined) => void;

/** @throws Error of one sentence. */
export async function loadModel(choice: ModelChoice, onProgress: Progress): Promise<LoadedModel> {
  const options: PretrainedOptions = {
    onProgress: ({ loaded, total }) => onProgress(total && loaded / total),
  };
  switch (choice.kind) {
    case 'shipped':
      return { model: await TRecViT.fromPretrained(weightsUrl(), options), threshold: sureFrom };
    case 'address':
      return { model: await TRecViT.fromPretrained(choice.address, options), threshold: 0 };
    case 'files':
      return { model: await fromFiles(choice.files, options), threshold: 0 };
  }
}

async function fromFiles(files: readonly File[], options: PretrainedOptions): Promise<TRecViT> {
  const weights = files.find(({ name }) => /\.(safetensors|npz)$/i.test(name));
  if (weights === undefined) {
    throw new Error('Among these files is no .safetensors and no .npz file; choose it as well.');
  }
  // Weights may know their card themselves; what lies beside them wins.
  const config = files.find(({ name }) => name === 'config.json');
  const card = config && readCard(await config.text());
  return TRecViT.fromPretrained(weights, { ...options, card });
}
