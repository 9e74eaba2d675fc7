import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Endless, ProfileResult, Results } from './results.ts';

/** The results that are kept, a file for each machine; those of models, of PEER, of endless streams and profiles in folders of their own. */
export const resultsFolder: URL = new URL('../results/', import.meta.url);

/** What `results/endless` and `results/profiles` have of a machine. */
export interface EndlessFile {
  readonly machine: Results['machine'];
  readonly date: string;
  readonly threads: number;
  readonly results: readonly Endless[];
}
export interface ProfilesFile {
  readonly machine: Results['machine'];
  readonly results: readonly ProfileResult[];
}

/** All of them, in the order of their files' names, models and then PEER last. */
export function readResults(): Results[] {
  const operations = filesOf('').map((name) => parse<Results>(name));
  const models = filesOf('models/').map((file): Results => {
    const name = file.replace('models/', '');
    const endless = known<EndlessFile>(`endless/${name}`)?.results;
    const profiles = known<ProfilesFile>(`profiles/${name}`)?.results;
    return {
      ...parse<Results>(file),
      ...(endless === undefined ? {} : { endless }),
      ...(profiles === undefined ? {} : { profiles }),
    };
  });
  const peer = filesOf('peer/').map((file): Results => {
    const profiles = known<ProfilesFile>(file.replace('peer/', 'profiles/'))?.results;
    return { ...parse<Results>(file), ...(profiles === undefined ? {} : { profiles }) };
  });
  return [...operations, ...models, ...peer];
}

function filesOf(folder: string): string[] {
  const path = new URL(folder, resultsFolder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((name) => name.endsWith('.json'));
  return files.sort().map((name) => `${folder}${name}`);
}

function parse<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, resultsFolder), 'utf8')) as T;
}

/** What a file has; undefined where there is none. */
export function known<T>(name: string): T | undefined {
  return existsSync(new URL(name, resultsFolder)) ? parse<T>(name) : undefined;
}
