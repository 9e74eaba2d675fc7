import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfPresent } from './json-file.ts';

/** Seconds that one piece of an event took. Wall times live in this file alone: they differ from run to run. */
export interface TimingLine {
  readonly learner: string;
  readonly position: number;
  readonly type: 'train' | 'predict';
  readonly seconds: number;
}

const name = 'timing.jsonl';

/** Adds a line to the run's timing file; the leading line break keeps it apart from one that a kill cut short. */
export async function appendTiming(folder: string, line: TimingLine): Promise<void> {
  await appendFile(join(folder, name), `\n${JSON.stringify(line)}\n`);
}

/** All whole lines; a line that a kill cut short is left out. */
export async function readTiming(folder: string): Promise<TimingLine[]> {
  const bytes = await readFileIfPresent(join(folder, name));
  if (bytes === undefined) return [];
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as TimingLine];
      } catch {
        return [];
      }
    });
}
