import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '@neverend/backend';
import { checkEmpty } from '@neverend/command-line';
import type { TrainingProgress } from '@neverend/trecvit/training';
import { Command } from 'commander';
import { runExperiment } from './motions/experiment.ts';
import { publish } from './motions/publish.ts';
import { shipModel } from './motions/shipped/ship-model.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** A line every ten seconds: whose turn it is, how far it is, and what is left of it. */
function progressLines(): (title: string, progress: TrainingProgress) => void {
  let said = Number.NEGATIVE_INFINITY;
  return (title, { phase, done, total, loss, remainingSeconds }) => {
    if (performance.now() - said < 10_000 && done < total) return;
    said = performance.now();
    const left = remainingSeconds === undefined ? '' : `, ${remainingSeconds.toFixed(0)} s left`;
    const last = loss === undefined ? '' : `, loss ${loss.toFixed(3)}`;
    say(`${title}: ${phase} ${done} of ${total}${last}${left}`);
  };
}

interface Options {
  readonly photos?: string;
  readonly runs: string;
  readonly backend: 'tensorflow' | 'wasm' | 'cpu' | 'webgpu' | 'auto';
}

const program = new Command('npm run experiment --')
  .description(
    'The experiments, one command each. What was done is not done again: a run that was stopped goes on.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  .hook('preAction', checkEmpty);

const withOptions = (command: Command, folder: string): Command =>
  command
    .option('--photos <folder>', 'photographs to make clips of; default: those of opencv-doc')
    .option('--runs <folder>', 'where unfinished runs lie', join(root, 'runs', folder))
    .option('--backend <name>', 'tensorflow, wasm, webgpu, cpu or auto', 'auto');

withOptions(
  program
    .command('motions')
    .description(
      'LRU, attention, LSTM and convolution over time on clips of motions; writes experiments/results and docs/experiments',
    ),
  'motions',
).action(async ({ photos, runs, backend }: Options) => {
  await useBackend(backend);
  const results = await runExperiment({
    folder: runs,
    ...(photos && { photos }),
    onProgress: progressLines(),
  });
  const document = join(root, 'docs', 'experiments', 'motions.md');
  await publish(results, { results: join(root, 'experiments', 'results'), document });
  say(`the results are in ${document}`);
});

withOptions(
  program
    .command('motions-model')
    .description('trains the model of packages/trecvit-motions and writes it there'),
  'motions-model',
).action(async ({ photos, runs, backend }: Options) => {
  await useBackend(backend);
  const progress = progressLines();
  const folder = join(root, 'packages', 'trecvit-motions');
  await shipModel({
    ...{ runs, package: folder },
    ...(photos && { photos }),
    onProgress: (one) => progress('model', one),
  });
  say(`the model is in ${folder}`);
});

try {
  await program.parseAsync();
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
