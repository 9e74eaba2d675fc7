import { trecvitConfig } from '@neverend/trecvit';
import { trecvitCase } from './cases/trecvit.ts';
import { writeInputs } from './inputs.ts';
import type { Endless } from './results.ts';
import { type Command, type RunnerKind, runnerKinds } from './runner-list.ts';
import { RunnerProcess } from './runner-process.ts';
import { summarize } from './statistics.ts';
import type { LoadedCase } from './types.ts';

export interface EndlessOptions {
  readonly runners: (kind: RunnerKind) => boolean;
  readonly models: readonly (keyof typeof models)[];
  /** How many frames the long stream has seen. */
  readonly frames: number;
  /** Turns of each process. */
  readonly rounds: number;
  readonly command: (kind: RunnerKind) => Command;
  /** An empty folder. */
  readonly scratch: string;
  readonly say: (line: string) => void;
}

const models = {
  small: trecvitConfig('Ti', 'released', {
    ...{ layers: 4, width: 48, mlpWidth: 192, lruWidth: 96, imageSize: [64, 64] },
    ...{ headWidth: 192, classes: 10 },
  }),
  'TRecViT-Ti': trecvitConfig('Ti'),
};

/** The frame after which the short stream is timed. */
const early = 10;
const warm = 300;
const inARound = 5;
/** Seconds that one answer may take. */
const patience = 600;

/**
 * What a frame costs early and late: two processes stream, one from its tenth frame on and one that has seen `frames`, in
 * turns, so that what else the machine does meets both alike.
 */
export async function endlessStreams(options: EndlessOptions): Promise<Endless[]> {
  const results: Endless[] = [];
  for (const model of options.models) {
    const loaded = writeInputs(trecvitCase('trecvitStream', model, models[model]), options.scratch);
    for (const kind of runnerKinds.filter((one) => one.role === 'ours' && options.runners(one))) {
      options.say(`${model}, ${kind.id}: ${options.frames} frames`);
      results.push(await oneStream(kind, model, loaded, options));
    }
  }
  return results;
}

async function oneStream(
  { id, ...kind }: RunnerKind,
  model: string,
  loaded: LoadedCase,
  { command, frames, rounds, say }: EndlessOptions,
): Promise<Endless> {
  const runners: RunnerProcess[] = [];
  const start = async () => {
    const runner = new RunnerProcess(command({ id, ...kind }));
    runners.push(runner);
    const hello = await runner.hello(patience);
    if ('absent' in hello) throw new Error(`${id}: ${hello.absent}`);
    await runner.ask({ do: 'load', case: loaded }, patience);
    return runner;
  };
  const stream = async (runner: RunnerProcess, seen: number) => {
    for (let left = seen; left > 0; left -= 100) {
      await push(runner, Math.min(left, 100));
      if (left % 2000 === 0 && left < seen) say(`  ${seen - left} of ${seen}`);
    }
    runner.resetPeak();
  };
  try {
    const [old, young] = [await start(), await start()];
    await stream(old, frames);
    // Code that runs for the first time is slow: the young stream is not the first of its process.
    await stream(young, Math.min(frames, warm));
    await young.ask({ do: 'unload' }, patience);
    await young.ask({ do: 'load', case: loaded }, patience);
    await stream(young, early);
    const times: Record<'first' | 'late', number[]> = { first: [], late: [] };
    for (let round = 0; round < rounds; round++) {
      times.first.push(...(await push(young, inARound)));
      times.late.push(...(await push(old, inARound)));
    }
    const of = (runner: RunnerProcess, list: readonly number[]) => {
      const peakMiB = runner.peakMiB();
      return {
        milliseconds: summarize(list),
        ...(peakMiB === undefined ? {} : { peakMiB }),
      };
    };
    return {
      ...{ runner: id, model, early, frames },
      first: of(young, times.first),
      late: of(old, times.late),
    };
  } finally {
    await Promise.all(runners.map((runner) => runner.end()));
  }
}

async function push(runner: RunnerProcess, runs: number): Promise<readonly number[]> {
  const reply = await runner.ask({ do: 'time', milliseconds: Number.MAX_VALUE, runs }, patience);
  if (!('times' in reply)) throw new Error('it did not answer with times');
  return reply.times;
}

export function endlessTable(results: readonly Endless[]): string {
  const rows = results.map(({ runner, model, early, frames, first, late }) => {
    const cells = [first, late].map(({ milliseconds: { median, q1, q3 }, peakMiB }) => {
      const spread = Math.round((50 * (q3 - q1)) / median);
      return `${Number(median.toPrecision(3))} ms ± ${spread} %${peakMiB === undefined ? '' : `, ${peakMiB} MiB`}`;
    });
    const ratio = late.milliseconds.median / first.milliseconds.median;
    return `| ${[model, runner, ...cells, `${ratio.toFixed(3)}x`].join(' | ')} | ${early}, ${frames} |`;
  });
  return [
    '| model | runner | an early frame | a late frame | late over early | from frame |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...rows,
    '',
  ].join('\n');
}
