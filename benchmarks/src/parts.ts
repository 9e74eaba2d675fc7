import { casesOf } from './cases/index.ts';
import { endlessStreams, endlessTable } from './endless.ts';
import { firstCalls, firstCallTable } from './first-call/index.ts';
import { misses } from './first-call/limits.ts';
import { type ProfileOptions, profiles, profileTable } from './profiles.ts';
import { type EndlessFile, known, type ProfilesFile } from './result-files.ts';
import type { Results } from './results.ts';

/** What the parts, which run in the place of the cases, share. */
export interface PartOptions extends Omit<ProfileOptions, 'cases'> {
  /** Small sizes. */
  readonly quick: boolean;
  /** PEER in the place of models. */
  readonly peer: boolean;
  readonly cases: (id: string) => boolean;
  readonly machine: Results['machine'];
  /** The name of the machine's file. */
  readonly file: string;
}

/** What a part found. */
export interface Part {
  /** Where it is kept, below `results`. */
  readonly folder: string;
  readonly content: object;
  readonly table: string;
  /** The limits that it missed. */
  readonly missed: readonly string[];
}

export const parts: Readonly<Record<string, (options: PartOptions) => Promise<Part>>> = {
  'first-call': async ({ scratch, quick, say, machine }) => {
    const results = await firstCalls(scratch, quick ? 1 : 5, say);
    return {
      folder: 'first-call',
      content: { machine, results },
      table: firstCallTable(results),
      missed: misses(results),
    };
  },
  endless: async (options) => {
    const { quick, machine, threads } = options;
    const results = await endlessStreams({
      ...options,
      models: (['small', 'TRecViT-Ti'] as const).filter(
        (model) => (model === 'small' || !quick) && options.cases(model.toLowerCase()),
      ),
      frames: quick ? 300 : 10_000,
      rounds: 40,
    });
    const content: EndlessFile = { machine, date: new Date().toISOString(), threads, results };
    return { folder: 'endless', content, table: endlessTable(results), missed: [] };
  },
  profile: async (options) => {
    const { quick, machine, file } = options;
    const cases = casesOf(quick ? 'tiny' : 'full').filter(
      ({ id, video, op }) =>
        (options.peer ? op.startsWith('peer') : video !== undefined) && options.cases(id),
    );
    const results = await profiles({ ...options, cases });
    // What was not profiled now stays.
    const others = (known<ProfilesFile>(`profiles/${file}`)?.results ?? []).filter(
      (old) => !results.some((one) => one.case === old.case && one.runner === old.runner),
    );
    const content: ProfilesFile = { machine, results: [...others, ...results] };
    const tables = results.map((one) => `${profileTable(one).join('\n')}\n`);
    return { folder: 'profiles', content, table: tables.join('\n'), missed: [] };
  },
};
