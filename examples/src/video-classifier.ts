// From a folder of class folders of videos to a model in a folder, which `trecvit classify --checkpoint` and pages take. Run it in
// examples/: node --import tsx --conditions=@neverend/source src/video-classifier.ts CLIPS OUT
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomKey, useBackend } from '@neverend/backend';
import { officialInput, TRecViT, trecvitConfig } from '@neverend/trecvit';
import { DecodingPool, saveModel } from '@neverend/trecvit/node';
import {
  readClassFolders,
  splitVideos,
  type TrainingResult,
  type TrainSettings,
  trainClassifier,
  trecvitTrainee,
  videoFiles,
} from '@neverend/trecvit/training';

/**
 * Trains a small TRecViT on most of the videos and validates it on the others.
 *
 * @param clips a folder with a folder of videos for each class. @param out the run's folder; the model is in its folder `model`.
 */
export async function trainOnClips(
  clips: string,
  out: string,
  settings: TrainSettings = {},
): Promise<TrainingResult['evaluation']> {
  const pool = new DecodingPool();
  try {
    const sets = splitVideos(await readClassFolders(clips), { share: 0.25 });
    const train = await videoFiles(sets.train, pool);
    const { classNames } = train;
    const validate = await videoFiles(sets.validate, pool, { classNames });

    const config = trecvitConfig('Ti', 'released', {
      ...{ layers: 2, width: 48, mlpWidth: 96, lruWidth: 96, headWidth: 64 },
      ...{ imageSize: [32, 32], patch: 8, frames: 8, classes: classNames.length },
    });
    const notes = { input: { ...officialInput, framesPerSecond: 8 }, classNames };
    const model = TRecViT.init(config, randomKey(1), notes);
    const { params, evaluation } = await trainClassifier({
      ...{ train, validate, settings, folder: out },
      model: trecvitTrainee(model, { input: notes.input }),
    });
    model.dispose();

    const trained = new TRecViT(config, params, notes);
    await saveModel(trained, join(out, 'model'));
    trained.dispose();
    return evaluation;
  } finally {
    await pool.dispose();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [clips, out] = process.argv.slice(2);
  if (clips === undefined || out === undefined) {
    console.error('usage: video-classifier.ts CLIPS OUT');
    process.exitCode = 2;
  } else {
    await useBackend('auto');
    console.log(await trainOnClips(clips, out, { epochs: 20, learningRate: 1e-3 }));
  }
}
