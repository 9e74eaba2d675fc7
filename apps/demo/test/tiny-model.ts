import { randomKey } from '@neverend/backend';
import { TRecViT, trecvitConfig } from '@neverend/trecvit';

/** The files of a small model that was not trained, by their names. A backend must have been chosen. */
export async function tinyModel(): Promise<Record<string, Uint8Array>> {
  const config = trecvitConfig('Ti', 'released', {
    ...{ layers: 2, width: 24, mlpWidth: 48, lruWidth: 48, headWidth: 32 },
    ...{ imageSize: [32, 32], classes: 8, frames: 8 },
  });
  const model = TRecViT.init(config, randomKey('a small model'), {
    input: { framesPerSecond: 10, crop: 'centre', range: [0, 1] },
    classNames: ['left', 'right', 'up', 'down', 'nearer', 'further', 'turning', 'still'],
  });
  const files = await model.toFiles();
  model.dispose();
  return files;
}
