import { type ModelCard, readCard, readParams, TRecViT } from '@neverend/trecvit';
import type { ModelChoice } from './protocol.ts';

export interface LoadedModel {
  readonly model: TRecViT;
  readonly card: ModelCard;
  readonly threshold: number;
}

type Progress = (fraction: number | undefined) => void;

/** @throws Error of one sentence. */
export async function loadModel(choice: ModelChoice, onProgress: Progress): Promise<LoadedModel> {
  if (choice.kind === 'files') return fromFiles(choice.files, onProgress);
  const address = choice.kind === 'shipped' ? '/model/' : choice.address;
  const base = new URL(address, location.href);
  const [card, weights] = await Promise.all(
    ['config.json', 'model.safetensors'].map(async (name) => {
      const response = await fetch(new URL(name, base));
      if (!response.ok) throw new Error(`${new URL(name, base)} answered ${response.status}.`);
      return response.blob();
    }),
  );
  const files = [
    new File([card as Blob], 'config.json'),
    new File([weights as Blob], 'model.safetensors'),
  ];
  return fromFiles(files, onProgress);
}

async function fromFiles(files: readonly File[], onProgress: Progress): Promise<LoadedModel> {
  const config = files.find(({ name }) => name === 'config.json');
  const weights = files.find(({ name }) => /\.(safetensors|npz)$/.test(name));
  if (config === undefined || weights === undefined) {
    const absent = config === undefined ? 'config.json' : 'a .safetensors or .npz file';
    throw new Error(`The checkpoint needs ${absent} as well.`);
  }
  const card = readCard(await config.text());
  const params = await readParams(weights, card.config, {
    onProgress: ({ done, total }) => onProgress(done / total),
  });
  return { model: new TRecViT(card.config, params), card, threshold: 0.5 };
}
