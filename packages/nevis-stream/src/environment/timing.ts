import { appendFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ofPath, readFileIfPresent } from '@neverend/checkpoint/node';
import { checkHost } from '../report/check-report-data.ts';
import type { ReportData, Timing, TimingHost } from '../report/index.ts';

/** Seconds that one piece of an event took, and where. Wall times live in this file alone: they differ from run to run. */
export interface TimingLine {
  readonly learner: string;
  readonly position: number;
  readonly type: 'train' | 'predict';
  readonly seconds: number;
  readonly host: TimingHost;
}

const name = 'timing.jsonl';

/** Adds a line to the run's timing file; the leading line break keeps it apart from one that a kill cut short. */
export async function appendTiming(folder: string, line: Omit<TimingLine, 'host'>): Promise<void> {
  const host: TimingHost = {
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const path = join(folder, name);
  await ofPath(path, () => appendFile(path, `\n${JSON.stringify({ ...line, host })}\n`));
}

/** What the timing file of a run adds to its report. */
export async function readTiming(folder: string, { learners }: ReportData): Promise<Timing> {
  const lines = await readLines(folder);
  const seconds = (learner: string, position: number, type: TimingLine['type']) =>
    lines
      .filter(
        (line) => line.learner === learner && line.position === position && line.type === type,
      )
      .reduce((sum, line) => sum + line.seconds, 0);
  const hosts = new Map(lines.map(({ host }) => [JSON.stringify(host), host]));
  return {
    hosts: [...hosts.values()],
    learners: learners.map(({ name, tasks }) => ({
      name,
      tasks: tasks.map(({ position }) => ({
        position,
        trainSeconds: seconds(name, position, 'train'),
        predictSeconds: seconds(name, position, 'predict'),
      })),
    })),
  };
}

/** The lines that were written whole, and not edited into others. */
async function readLines(folder: string): Promise<TimingLine[]> {
  const bytes = await readFileIfPresent(join(folder, name));
  if (bytes === undefined) return [];
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((line) => {
      try {
        const parsed = JSON.parse(line) as TimingLine;
        checkHost(parsed.host);
        return Number.isFinite(parsed.seconds) ? [parsed] : [];
      } catch {
        return [];
      }
    });
}
