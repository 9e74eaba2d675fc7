import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/environment/records.ts';
import { runStream } from '../../src/environment/run-stream.ts';
import { readTiming } from '../../src/environment/timing.ts';
import { renderReport } from '../../src/report/index.ts';
import { scopeText } from '../../src/report/scope.ts';
import type { Learner, PredictionBatch, Progress } from '../../src/types.ts';
import { meansLearner, runDigests, toyStream } from './toy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const backend = { name: 'none', version: '0', device: 'none' };
const options = (into = folder) => ({
  folder: into,
  stream: toyStream(),
  learners: [meansLearner('a'), meansLearner('b', 2n ** 60n)],
  seed: 3,
  backend,
});

async function metrics(learner: string): Promise<readonly EventRecord[]> {
  const text = await readFile(join(folder, learner, 'metrics.json'), 'utf8');
  return (JSON.parse(text) as { events: EventRecord[] }).events;
}

describe('a run', () => {
  it('trains on every task and then predicts it, in stream order', async () => {
    await runStream(options());
    const events = await metrics('a');
    expect(events.map(({ type, year, task }) => `${type} ${year} ${task}`)).toEqual([
      'train 2001 Bright - A',
      'predict 2001 Bright - A',
      'train 2002 Bright B',
      'predict 2002 Bright B',
      'train 2010 Bright B',
      'predict 2010 Bright B',
    ]);
    // The three classes are 80 grey levels apart, their noise is 40 wide.
    for (const event of events) {
      if (event.type === 'predict') expect(event.metrics).toMatchObject({ size: 9, errors: 0 });
    }
  });

  it('reports learners of the same title by titles that tell them apart', async () => {
    const { learners } = await runStream(options());
    expect(learners.map(({ title }) => title)).toEqual(['Class means (a)', 'Class means (b)']);
  });

  it('adds up what every event cost, exactly beyond 2^53', async () => {
    const report = await runStream(options());
    // 20 steps of 2^60, 1 for validation, 2 for prediction: three times.
    const total = 3n * (20n * 2n ** 60n + 1n + 2n);
    expect(report.learners[1]?.tasks.at(-1)?.cumulativeFlops).toBe(String(total));
    expect(report.learners[0]?.tasks.map((task) => task.cumulativeTrainFlops)).toEqual([
      '200',
      '400',
      '600',
    ]);
  });

  it('puts the numbers of its files into the report', async () => {
    const report = await runStream(options());
    const written = JSON.parse(await readFile(join(folder, 'report-data.json'), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(report)));
    const predictions = (await metrics('a')).filter((event) => event.type === 'predict');
    expect(report.learners[0]?.tasks.map((task) => task.errorRate)).toEqual(
      predictions.map((event) => event.metrics.errorRate),
    );
  });

  it('says in the report that the labels of its stream are shuffled', async () => {
    const report = await runStream({
      ...options(),
      stream: { ...toyStream(), labels: 'shuffled' },
    });
    expect(scopeText(report)).toContain('labels to learn from are in random order');
  });

  it('says whose logits are not finite, where, and that these are errors', async () => {
    const part = meansLearner('part');
    const diverged = (name: string, from: number): Learner => ({
      ...meansLearner(name),
      title: `Diverged ${name}`,
      async *predict(...args) {
        const all = part.predict(...args);
        for (let next = await all.next(); ; next = await all.next()) {
          if (next.done === true) return next.value;
          const { labels, logits } = next.value;
          yield { labels, logits: logits.map((logit, at) => (at < from ? logit : Number.NaN)) };
        }
      },
    });
    // Batches of 4, 4 and 1 examples with 3 logits each.
    const learners = [meansLearner('a'), diverged('all', 0), diverged('some', 3)];
    const report = await runStream({ ...options(), learners });
    expect(report.learners.map(({ tasks }) => tasks.map(({ nonFinite }) => nonFinite))).toEqual([
      [undefined, undefined, undefined],
      [9, 9, 9],
      [6, 6, 6],
    ]);
    expect(scopeText(report)).toContain(
      'Diverged all gave logits that are NaN or infinite on 9 of 9 images of Bright - A (2001), 9 of 9 images of Bright B (2002) and 9 of 9 images of Bright B (2010): each counts as an error. ' +
        'Diverged some gave logits that are NaN or infinite on 6 of 9 images of Bright - A (2001),',
    );
    expect(scopeText(report)).not.toContain('Class means gave');
    const page = await renderReport(report);
    expect(
      page.match(/data-from="\/learners\/1\/tasks\/\d\/nonFinite">9<\/data> not finite/g),
    ).toHaveLength(3);
    expect(page).not.toContain('/learners/0/tasks/0/nonFinite');
  });

  it('leaves wall times out that were cut short or edited into something else', async () => {
    const report = await runStream(options());
    const before = await readTiming(folder, report);
    const path = join(folder, 'timing.jsonl');
    const [, line = ''] = (await readFile(path, 'utf8')).split('\n');
    const odd = [
      'null',
      '5',
      '{}',
      line.slice(0, 30),
      line.replace(/"seconds":[\d.e-]+/, '"seconds":"x"'),
    ];
    odd.push(line.replace(/"cores":\d+/, '"cores":null'));
    await writeFile(path, `${await readFile(path, 'utf8')}\n${odd.join('\n')}\n`);
    expect(await readTiming(folder, report)).toEqual(before);
  });

  it('writes the same bytes a second time', async () => {
    const other = join(folder, 'other');
    await runStream(options(join(folder, 'one')));
    await runStream(options(other));
    expect(await runDigests(other)).toEqual(await runDigests(join(folder, 'one')));
  });

  it('that is done is not done again', async () => {
    await runStream(options());
    const before = await runDigests(folder);
    const seen: Progress[] = [];
    await runStream({ ...options(), progress: (step) => seen.push(step) });
    expect(seen.filter(({ phase }) => phase === 'train' || phase === 'predict')).toEqual([]);
    expect(await runDigests(folder)).toEqual(before);
  });
});

describe('a run that was stopped', () => {
  it('ends with the same bytes, wherever it was stopped', { timeout: 600_000 }, async () => {
    const whole = join(folder, 'whole');
    let calls = 0;
    await runStream({ ...options(whole), progress: () => calls++ });
    const expected = await runDigests(whole);
    const step = process.env['NEVEREND_LONG'] ? 1 : 13;
    for (let stop = 0; stop < calls; stop += step) {
      const into = join(folder, `stopped-${stop}`);
      const controller = new AbortController();
      let left = stop;
      const stopped = runStream({
        ...options(into),
        signal: controller.signal,
        progress: () => {
          if (left-- === 0) controller.abort();
        },
      });
      await stopped.catch((error: unknown) => expect(controller.signal.reason).toBe(error));
      await runStream(options(into));
      expect(await runDigests(into), `stopped at progress call ${stop}`).toEqual(expected);
    }
  });

  it('goes on from the last step that was written, not from the start of the event', async () => {
    const controller = new AbortController();
    const stopAt = (done: number) => (step: Progress) => {
      if (step.phase === 'train' && step.done === done) controller.abort();
    };
    const run = runStream({ ...options(), signal: controller.signal, progress: stopAt(15) });
    await expect(run).rejects.toThrow('aborted');
    const seen: number[] = [];
    await runStream({
      ...options(),
      progress: ({ phase, done }) => {
        if (phase === 'train') seen.push(done);
      },
    });
    expect(seen[0]).toBe(16);
  });

  it('goes on from the checkpoint before, when the newest one is damaged', async () => {
    await runStream(options(join(folder, 'whole')));
    const into = join(folder, 'damaged');
    await runStream(options(into));
    await truncate(join(into, 'a', 'checkpoint.json'), 100);
    await rm(join(into, 'report-data.json'));
    const seen: string[] = [];
    await runStream({ ...options(into), progress: ({ phase }) => seen.push(phase) });
    expect(seen).toContain('predict');
    expect(seen).not.toContain('train');
    expect(await runDigests(into)).toEqual(await runDigests(join(folder, 'whole')));
  });

  it('starts an event again when the snapshot within it is damaged', async () => {
    await runStream(options(join(folder, 'whole')));
    const into = join(folder, 'damaged');
    const controller = new AbortController();
    const progress = ({ phase, done }: Progress) => {
      if (phase === 'train' && done === 10) controller.abort();
    };
    await runStream({ ...options(into), signal: controller.signal, progress }).catch(() => {});
    await truncate(join(into, 'a', 'training.safetensors'), 40);
    await runStream(options(into));
    expect(await runDigests(into)).toEqual(await runDigests(join(folder, 'whole')));
  });

  it('leaves no half-written file behind after it went on', async () => {
    await runStream(options());
    const killed = (name: string) => `.${name}.${randomUUID()}.part`;
    await writeFile(join(folder, killed('config.json')), 'half');
    await writeFile(join(folder, 'a', killed('metrics.json')), 'half');
    await writeFile(join(folder, 'a', 'states', killed('task-0.safetensors')), 'half');
    await runStream(options());
    const files = await readdir(folder, { recursive: true });
    expect(files.filter((name) => name.endsWith('.part') || name === 'lock')).toEqual([]);
  });
});

describe('a run is refused', () => {
  it('when its folder holds a run with another seed, with the difference', async () => {
    await runStream(options());
    await expect(runStream({ ...options(), seed: 4 })).rejects.toThrow(/seed: 3 became 4/);
  });

  it('when its folder holds a run on other data, with the difference', async () => {
    await runStream(options());
    await expect(runStream({ ...options(), stream: toyStream(2) })).rejects.toThrow(
      /other data \(data\.Bright_.*sha256/,
    );
  });

  it('when both checkpoints are damaged', async () => {
    await runStream(options());
    for (const name of ['checkpoint.json', 'checkpoint.previous.json']) {
      await truncate(join(folder, 'a', name), 10);
    }
    await expect(runStream(options())).rejects.toThrow(/damaged/);
  });

  it.each([
    ['an empty list of learners', []],
    ['two learners of one name', [meansLearner('x'), meansLearner('x')]],
    [
      'two learners whose folders a file system may take for one',
      [meansLearner('x'), meansLearner('X')],
    ],
    ['a name that is no folder', [meansLearner('../x')]],
    ['the name of the lock', [meansLearner('lock')]],
  ])('for %s', async (_title, learners: Learner[]) => {
    await expect(runStream({ ...options(), learners })).rejects.toThrow(RunError);
  });

  it('when the seed is not an integer', async () => {
    await expect(runStream({ ...options(), seed: 0.5 })).rejects.toThrow(/seed was 0.5/);
  });

  it('when a prediction that the report shows is not what was written', async () => {
    await runStream(options());
    const [file = ''] = await readdir(join(folder, 'a', 'predictions'));
    await truncate(join(folder, 'a', 'predictions', file), 100);
    await expect(runStream(options())).rejects.toThrow(
      `${join(folder, 'a', 'predictions', file)} is not what was written; restore it, or delete`,
    );
  });

  it('when a learner gives other logits than one for each class', async () => {
    const odd: Learner = {
      ...meansLearner('odd'),
      predict: async function* (event, _state, context) {
        const { labels } = (await context.dataset(event.dataset)).batch([0, 1]);
        yield { labels, logits: new Float32Array(4) };
        return { flops: { train: 0n, validation: 0n, prediction: 0n }, peakParameters: 0 };
      },
    };
    await expect(runStream({ ...options(), learners: [odd] })).rejects.toThrow(
      'the learner odd gave 4 logits for 2 examples of Bright___A_dev_test; they must be 2 x 3',
    );
  });

  it.each([
    [
      'leaves examples out',
      (batches: readonly PredictionBatch[]) => batches.slice(0, 1),
      '4 examples',
    ],
    [
      'predicts too many',
      (batches: readonly PredictionBatch[]) => [...batches, ...batches],
      'more than 9 examples',
    ],
    [
      'changes the order',
      (batches: readonly PredictionBatch[]) => batches.toReversed(),
      'labels other than those from 0 to 0',
    ],
  ])('when a learner %s', async (_title, change, what) => {
    let closed = false;
    const odd: Learner = {
      ...meansLearner('odd'),
      predict: async function* (event, state, context) {
        const batches: PredictionBatch[] = [];
        const all = meansLearner().predict(event, state, context);
        for (let next = await all.next(); next.done !== true; next = await all.next()) {
          batches.push(next.value);
        }
        try {
          yield* change(batches);
        } finally {
          closed = true;
        }
        return { flops: { train: 0n, validation: 0n, prediction: 0n }, peakParameters: 0 };
      },
    };
    await expect(runStream({ ...options(), learners: [odd] })).rejects.toThrow(
      `the learner odd predicted ${what} of Bright___A_dev_test; it must predict each of the 9 examples once, in order`,
    );
    expect(closed).toBe(true);
  });
});
