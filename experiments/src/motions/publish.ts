import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic, writeJson } from '@neverend/checkpoint/node';
import { drawChart, toPng } from './chart.ts';
import type { ExperimentResults } from './experiment.ts';
import { report } from './report.ts';
import { summarize } from './summary.ts';

/** Where what the experiment came to is published. */
export interface Places {
  /** Gets `motions.json`. */
  readonly results: string;
  /** A Markdown file with both markers; the report goes between them, and its pictures beside the file. */
  readonly document: string;
}

const [begin, end] = ['<!-- results -->', '<!-- /results -->'];

/** Writes the results, the chart as SVG and PNG, and the report. @throws RangeError when the document lacks its markers. */
export async function publish(results: ExperimentResults, places: Places): Promise<void> {
  const before = await readFile(places.document, 'utf8');
  const document = withReport(before, report(results, './motions.svg'));
  await mkdir(places.results, { recursive: true });
  await writeJson(join(places.results, 'motions.json'), results);
  const svg = await drawChart(summarize(results.results, results.seeds));
  const folder = dirname(places.document);
  await writeFileAtomic(join(folder, 'motions.svg'), `${svg}\n`);
  await writeFileAtomic(join(folder, 'motions.png'), await toPng(svg));
  await writeFileAtomic(places.document, document);
}

/** A document with another report between its markers. */
export function withReport(document: string, text: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) {
    throw new RangeError(
      `the document has no ${begin} before a ${end}; put them where the results go`,
    );
  }
  return `${document.slice(0, from + begin.length)}\n\n${text}\n${document.slice(to)}`;
}
