import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { writeFileAtomic } from '@neverend/checkpoint/node';
import { TRecViT } from '@neverend/trecvit';
import { saveModel } from '@neverend/trecvit/node';
import { predictVideos, type TrainingProgress, trecvitTrainee } from '@neverend/trecvit/training';
import { motionNames } from '@neverend/trecvit-motions';
import { type Materials, readMaterials } from '../clips/materials.ts';
import type { Split } from '../clips/split.ts';
import { config, input } from '../setup.ts';
import { calibrate, type GuessedVideo } from './calibrate.ts';
import { trainShipped } from './train-shipped.ts';
import { VariedClips } from './varied-clips.ts';

export interface ShipOptions {
  /** Where the unfinished training lies. */
  readonly runs: string;
  /** The data package, whose `model/` and `src/sure-from.ts` are written. */
  readonly package: string;
  readonly photos?: string;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** In how many of the cases in which the model is sure it is to be right. */
const wanted = 0.9;

/** Trains the model, finds from which probability on it is sure, and writes both into the data package. */
export async function shipModel({
  runs,
  package: to,
  photos,
  onProgress,
}: ShipOptions): Promise<void> {
  const materials: Record<Split, Materials> = {
    training: await readMaterials('training', photos),
    'held-out': await readMaterials('held-out', photos),
  };
  const { params } = await trainShipped(materials, runs, onProgress);
  const model = new TRecViT(config, params, { input, classNames: motionNames });
  try {
    const sureFrom = calibrate(await guessed(model, materials['held-out']), wanted);
    await mkdir(to, { recursive: true });
    await saveModel(model, join(to, 'model'));
    await writeFileAtomic(join(to, 'src', 'sure-from.ts'), sureFromText(sureFrom));
  } finally {
    model.dispose();
  }
}

/** What the model makes of held-out videos that no other test has. */
async function guessed(model: TRecViT, materials: Materials): Promise<GuessedVideo[]> {
  const source = new VariedClips(randomKey('motions', 'calibration'), 2000, materials, false);
  const trainee = trecvitTrainee(model, { input });
  const guesses: GuessedVideo[] = [];
  const options = { clips: 1, crops: 1, batchSize: 32 };
  for await (const { label, probabilities } of predictVideos(trainee, source, options)) {
    const probability = Math.max(...probabilities);
    guesses.push({ probability, isRight: probabilities[label] === probability });
  }
  return guesses;
}

const sureFromText = (
  sureFrom: number,
): string => `/** Written by \`npm run experiment -- motions-model\`: from this probability on ${100 * wanted} % of the likeliest motions were right on held-out clips. */
export const sureFrom: number = ${sureFrom};
`;
