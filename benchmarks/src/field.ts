import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from './agree.ts';
import { casesOf } from './cases/index.ts';
import { writeInputs } from './inputs.ts';
import { currentLoad } from './machine-limits.ts';
import type { Options } from './options.ts';
import type { CaseResult, Outcome, RunnerResult } from './results.ts';
import { type RunnerKind, runnerKinds } from './runner-list.ts';
import { RunnerProcess } from './runner-process.ts';
import { summarize } from './statistics.ts';
import type { Case, LoadedCase, Output } from './types.ts';

/** Seconds that one answer may take. */
const patience = 600;

type Found = Pick<CaseResult, 'threads' | 'date' | 'load' | 'reference' | 'outcomes'>;

/** A runner that has started. */
export interface Runner {
  readonly kind: RunnerKind;
  process: RunnerProcess;
  readonly timed: boolean;
  /** Which of several ways it takes on the case that it has loaded. */
  way?: string | undefined;
}

/** The runners of one group of cases at one number of threads. */
export class Field {
  readonly described: Map<string, RunnerResult[string]> = new Map();
  readonly #options: Options;
  readonly #threads: number;
  readonly #runners: Runner[] = [];

  constructor(options: Options, threads: number) {
    this.#options = options;
    this.#threads = threads;
  }

  /** @param cases what is wanted of them: who has none of these operations does not start. */
  async start(cases: readonly Case[]): Promise<void> {
    const kinds = runnerKinds.filter(
      (kind) =>
        this.#options.runners(kind) &&
        (kind.only === undefined || cases.some(({ op }) => op === kind.only)),
    );
    // What has to be installed for a command comes first: nobody starts, or is waited for, meanwhile.
    const commands = kinds.map((kind) => {
      try {
        return { kind, command: this.#options.command(kind, this.#threads) };
      } catch (error) {
        return { kind, absent: (error as Error).message };
      }
    });
    // All at once: most of a start is waiting for files.
    const starts = commands.map(async ({ kind, command, absent = '' }) => {
      if (command === undefined) return { kind, hello: { absent } };
      let process: RunnerProcess | undefined;
      try {
        process = new RunnerProcess(command);
        return { kind, process, hello: await process.hello(patience) };
      } catch (error) {
        return { kind, process, hello: { absent: (error as Error).message } };
      }
    });
    for (const { kind, process, hello } of await Promise.all(starts)) {
      if ('absent' in hello || process === undefined) {
        const { absent } = hello as { absent: string };
        this.described.set(kind.id, { absent });
        this.#options.say(`  not with ${kind.id}: ${absent}`);
        await process?.end();
      } else {
        const { device, versions, timed } = hello;
        this.#runners.push({ kind, process, timed });
        this.described.set(kind.id, { device, versions });
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#runners.map(({ process }) => process.end()));
  }

  /** Checks at the small size, checks at the wanted size, times. A runner that fails a step takes no further one. */
  async run(wanted: Case): Promise<CaseResult> {
    const { size, secondsPerCase } = this.#options;
    const [date, load] = [new Date().toISOString(), currentLoad()];
    const outcomes: Record<string, Outcome> = {};
    const able = this.#runners.filter(
      ({ kind: { role, only = wanted.op } }) =>
        only === wanted.op &&
        (role !== 'machine' || ['copy', 'random rows'].includes(wanted.limit.kind)),
    );
    const late = size === 'tiny' ? [] : able.filter(({ kind }) => kind.compiles);
    let field = able.filter((runner) => !late.includes(runner));
    let reference: string | undefined;
    const small = casesOf('tiny').find(({ id }) => id === wanted.id) as Case;
    for (const step of size === 'tiny' ? [small] : [small, wanted]) {
      if (step !== small) field = this.#timeable([...field, ...late], wanted, outcomes);
      try {
        const checked = await this.#check(step, field, outcomes);
        field = checked.agreeing;
        reference = checked.reference;
        const timed = field.filter((runner) => runner.timed);
        if (step === wanted || size === 'tiny') await this.#time(timed, secondsPerCase, outcomes);
      } finally {
        await this.#unload();
      }
    }
    return Field.resultOf(wanted, { threads: this.#threads, date, load, reference, outcomes });
  }

  /** What is kept of a case. */
  static resultOf(
    { id, title, limit, tolerance, video, items }: Case,
    { reference, ...found }: Omit<Found, 'reference'> & { reference: string | undefined },
  ): CaseResult {
    return {
      ...{ case: id, title, ...found, limit, tolerance },
      ...(reference === undefined ? {} : { reference }),
      ...(video === undefined ? {} : { video }),
      ...(items === undefined ? {} : { items }),
    };
  }

  /** Results of its one runner, which is then timed; undefined where it was not, and the outcome says why. */
  async runLoaded(
    wanted: LoadedCase,
    seconds: number,
    outcomes: Record<string, Outcome>,
  ): Promise<readonly Output[] | undefined> {
    const runner = this.#runners.find(({ timed }) => timed);
    if (runner === undefined || wanted.tooSlowFor?.includes(runner.kind.id)) return undefined;
    const ran = await this.#outputs(runner, wanted);
    if ('outputs' in ran) {
      await this.#time([runner], seconds, outcomes);
      return ran.outputs;
    }
    outcomes[runner.kind.id] = 'wrong' in ran ? { disagrees: ran.wrong } : ran;
    this.#options.say(`  ${runner.kind.id}: ${'wrong' in ran ? ran.wrong : ran.unable}`);
    return undefined;
  }

  /** Those who can be timed at the wanted size. */
  #timeable(field: readonly Runner[], wanted: Case, outcomes: Record<string, Outcome>): Runner[] {
    return field.filter(({ kind, timed }) => {
      const slow = wanted.tooSlowFor?.includes(kind.id) === true;
      if (timed && slow)
        outcomes[kind.id] = { unable: 'a run would take about half a minute or more' };
      return timed && !slow;
    });
  }

  async #check(
    wanted: Case,
    field: readonly Runner[],
    outcomes: Record<string, Outcome>,
  ): Promise<{ agreeing: Runner[]; reference: string | undefined }> {
    const loaded = writeInputs(wanted, this.#options.scratch);
    const results = new Map<string, readonly Output[]>();
    for (const runner of field) {
      const { kind } = runner;
      const ran = await this.#outputs(runner, loaded);
      if ('unable' in ran) outcomes[kind.id] = ran;
      else if ('wrong' in ran) outcomes[kind.id] = { disagrees: ran.wrong };
      else if (kind.role !== 'machine') results.set(kind.id, ran.outputs);
    }
    const { reference, reasons } = compare(results, wanted.tolerance, wanted.apart);
    for (const [id, reason] of reasons) {
      outcomes[id] = reason === undefined ? { agrees: true } : { disagrees: reason };
    }
    for (const { kind } of field) {
      rmSync(join(this.#options.scratch, kind.id), { recursive: true, force: true });
      const outcome = outcomes[kind.id];
      if (outcome && 'disagrees' in outcome)
        this.#options.say(`  ${kind.id}: ${outcome.disagrees}`);
      if (outcome && 'unable' in outcome) this.#options.say(`  ${kind.id}: ${outcome.unable}`);
    }
    const agreeing = field.filter(({ kind }) => {
      const outcome = outcomes[kind.id];
      return outcome === undefined || 'agrees' in outcome;
    });
    return { agreeing, reference };
  }

  async #outputs(
    runner: Runner,
    wanted: LoadedCase,
  ): Promise<{ outputs: readonly Output[] } | { unable: string } | { wrong: string }> {
    const folder = join(this.#options.scratch, runner.kind.id);
    mkdirSync(folder, { recursive: true });
    try {
      const reply = await runner.process.ask({ do: 'load', case: wanted }, patience);
      if ('unable' in reply || 'wrong' in reply) return reply;
      runner.way = 'way' in reply ? reply.way : undefined;
      const ran = await runner.process.ask({ do: 'run', folder }, patience);
      if (!('outputs' in ran)) throw new Error('it did not answer with outputs');
      return ran;
    } catch (error) {
      return { unable: (error as Error).message };
    }
  }

  /** Rounds in which each runner has a turn, so that what else the machine does meets all of them alike. */
  async #time(
    field: readonly Runner[],
    seconds: number,
    outcomes: Record<string, Outcome>,
  ): Promise<void> {
    const rounds = this.#options.size === 'tiny' ? 2 : 10;
    const share = (1000 * seconds) / field.length;
    const turn = { do: 'time', milliseconds: share / rounds, runs: 1000 } as const;
    const times = new Map<Runner, number[]>(field.map((runner) => [runner, []]));
    const known = new Set(field.filter(({ process }) => process.resetPeak()));
    for (let round = -1; round < rounds; round++) {
      for (const [runner, list] of times) {
        // A runner that is much slower than the others keeps to its share, but for three runs.
        const spent = list.reduce((sum, time) => sum + time, 0);
        if (spent > share && list.length >= 3) continue;
        try {
          const reply = await runner.process.ask(turn, patience);
          // The first turn is for caches, compilers and clocks.
          if ('times' in reply && round >= 0) list.push(...reply.times);
        } catch (error) {
          outcomes[runner.kind.id] = { unable: (error as Error).message };
          times.delete(runner);
        }
      }
    }
    for (const [runner, list] of times) {
      const { kind, process, way } = runner;
      const peakMiB = known.has(runner) ? process.peakMiB() : undefined;
      outcomes[kind.id] = {
        milliseconds: summarize(list),
        ...(peakMiB === undefined ? {} : { peakMiB }),
        ...(way === undefined ? {} : { way }),
      };
    }
  }

  /** A runner that does not come back from it is started again. */
  async #unload(): Promise<void> {
    for (const runner of this.#runners) {
      try {
        await runner.process.ask({ do: 'unload' }, patience);
      } catch {
        await runner.process.end();
        runner.process = new RunnerProcess(this.#options.command(runner.kind, this.#threads));
        await runner.process.hello(patience);
      }
    }
  }
}
