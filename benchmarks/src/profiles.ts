import { writeInputs } from './inputs.ts';
import type { ProfileResult } from './results.ts';
import { type Command, type RunnerKind, runnerKinds } from './runner-list.ts';
import { RunnerProcess } from './runner-process.ts';
import type { Case } from './types.ts';

export interface ProfileOptions {
  readonly cases: readonly Case[];
  readonly runners: (kind: RunnerKind) => boolean;
  readonly threads: number;
  readonly command: (kind: RunnerKind) => Command;
  /** An empty folder. */
  readonly scratch: string;
  readonly say: (line: string) => void;
}

/** Seconds that one answer may take. */
const patience = 600;
/** Runs that warm up, and runs that are profiled: about so many frames, four for a run of a layer. */
const frames = { warm: 8, profiled: 32 };

/** Where the time of each case goes on each of our runners whose operations compute at once. */
export async function profiles(options: ProfileOptions): Promise<ProfileResult[]> {
  const { cases, threads, scratch, say } = options;
  const results: ProfileResult[] = [];
  for (const one of cases) {
    const loaded = writeInputs(one, scratch);
    for (const kind of runnerKinds.filter(
      (each) => each.role === 'ours' && options.runners(each),
    )) {
      say(`${one.title}, ${kind.id}`);
      const runner = new RunnerProcess(options.command(kind));
      try {
        const hello = await runner.hello(patience);
        if ('absent' in hello) throw new Error(hello.absent);
        await runner.ask({ do: 'load', case: loaded }, patience);
        const ofRun = one.video?.frames ?? 4;
        const runs = (wanted: number) => Math.max(1, Math.round(wanted / ofRun));
        const warm = {
          do: 'time',
          milliseconds: Number.MAX_VALUE,
          runs: runs(frames.warm),
        } as const;
        await runner.ask(warm, patience);
        const reply = await runner.ask({ do: 'profile', runs: runs(frames.profiled) }, patience);
        if (!('profile' in reply)) throw new Error('it has no profile');
        results.push({
          ...{ case: one.id, title: one.title, runner: kind.id, threads },
          date: new Date().toISOString(),
          ...(one.video === undefined ? {} : { frames: ofRun }),
          ...reply.profile,
        });
      } catch (error) {
        say(`  not with ${kind.id}: ${(error as Error).message}`);
      } finally {
        await runner.end();
      }
    }
  }
  return results;
}

const longest = 14;

/** What took longest, a frame of a model or a run of a layer. */
export function profileTable(profile: ProfileResult): string[] {
  const { title, runner, threads, frames = 1, milliseconds, operations } = profile;
  const what = profile.frames === undefined ? 'run' : 'frame';
  const row = (name: string, calls: number | undefined, time: number) =>
    `| ${name} | ${calls === undefined ? '' : Number((calls / frames).toFixed(1))} | ${(time / frames).toFixed(2)} | ${((100 * time) / milliseconds).toFixed(1)} % |`;
  const sum = (of: typeof operations, what: 'calls' | 'milliseconds') =>
    of.reduce((total, one) => total + one[what], 0);
  const [top, others] = [operations.slice(0, longest), operations.slice(longest)];
  const inside = sum(operations, 'milliseconds');
  return [
    `${title}, \`${runner}\`, ${threads} thread${threads === 1 ? '' : 's'}: ${(milliseconds / frames).toFixed(1)} ms a ${what} while it was watched, ${Number((sum(operations, 'calls') / frames).toFixed(1))} operations a ${what}.`,
    '',
    `| operation | calls a ${what} | ms a ${what} | share |`,
    '| --- | ---: | ---: | ---: |',
    ...top.map(({ name, calls, milliseconds: time }) => row(name, calls, time)),
    ...(others.length === 0
      ? []
      : [
          row(
            `${others.length} other${others.length === 1 ? '' : 's'}`,
            sum(others, 'calls'),
            sum(others, 'milliseconds'),
          ),
        ]),
    row('outside of operations', undefined, milliseconds - inside),
  ];
}
