import { randomInt, randomKey } from '@neverend/backend';
import { type Backbone, vitBackbone } from '../../src/learners/backbone.ts';
import { hashArrays } from '../../src/learners/parameters.ts';
import type { SearchSettings } from '../../src/learners/search-task.ts';
import { makeStream } from '../../src/streams/make-stream.ts';
import type {
  DatasetKey,
  LearnerContext,
  Snapshot,
  Stream,
  TrainingEvent,
} from '../../src/types.ts';

/** Tasks that tell which quarter of a 4 x 4 image is bright; each is a stream position of its own. */
export function quarterStream(names: readonly string[]): Stream {
  const examples = (name: string, split: string, n: number) => {
    const labels = Int32Array.from(randomInt(randomKey(name, split), n, 4));
    const noise = randomInt(randomKey(name, split, 'noise'), n * 16, 60);
    const images = Uint8Array.from(noise, (value, at) => {
      const [row, column] = [Math.floor((at % 16) / 4), at % 4];
      const quarter = 2 * Math.floor(row / 2) + Math.floor(column / 2);
      return value + (quarter === labels[Math.floor(at / 16)] ? 150 : 0);
    });
    return { images, labels };
  };
  return makeStream({
    name: 'quarters',
    tasks: names.map((name, index) => ({
      year: 2000 + index,
      data: {
        name,
        domain: 'toy',
        classNames: ['north-west', 'north-east', 'south-west', 'south-east'],
        shape: [4, 4, 1],
        examples: {
          train: examples(name, 'train', 48),
          dev: examples(name, 'dev', 24),
          dev_test: examples(name, 'dev_test', 40),
        },
      },
    })),
  });
}

export const backbone: Backbone = vitBackbone({
  imageSize: 4,
  patch: 2,
  width: 8,
  depth: 1,
  heads: 2,
  mlpWidth: 16,
});

export const search: SearchSettings = {
  learningRates: [1e-3, 1e-2, 3e-2],
  steps: 12,
  batchSize: 8,
  warmupSteps: 2,
  weightDecay: 0.01,
  clipNorm: 1,
  validateEvery: 4,
  patience: 2,
  checkpointEvery: 3,
  evaluationBatchSize: 10,
};

/** A context that keeps everything in memory. */
export function memoryContext(
  stream: Stream,
  seed = 0,
): {
  readonly context: LearnerContext;
  readonly stored: Map<string, Snapshot>;
  readonly checkpoints: Snapshot[];
} {
  const stored = new Map<string, Snapshot>();
  const checkpoints: Snapshot[] = [];
  const context: LearnerContext = {
    seed,
    dataset: (key: DatasetKey) => stream.dataset(key),
    checkpoint: async (snapshot) => void checkpoints.push(snapshot),
    store: async (name, snapshot) => {
      stored.set(name, snapshot);
      return hashArrays(snapshot.tensors);
    },
    restore: async (name, sha256) => {
      const snapshot = stored.get(name);
      if (snapshot === undefined || hashArrays(snapshot.tensors) !== sha256) {
        throw new Error(`what is stored under ${name} is not ${sha256}`);
      }
      return snapshot;
    },
    progress: () => {},
  };
  return { context, stored, checkpoints };
}

export function trainingEvents(stream: Stream): TrainingEvent[] {
  return [...stream.events()].filter((event): event is TrainingEvent => event.type === 'train');
}
