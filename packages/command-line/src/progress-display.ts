import { type Options, Presets, SingleBar } from 'cli-progress';
import { duration } from './units.ts';

/** How far a piece of work is. */
export interface Step {
  /** What the work is; another title is another piece. */
  readonly title: string;
  readonly done: number;
  readonly total: number;
  /** Until its end, where it knows that better than its pace tells. */
  readonly remainingSeconds?: number;
  /** What else is worth a look, such as a loss. */
  readonly detail?: string;
}

export interface ProgressDisplay {
  show(step: Step): void;
  /** Writes a line that stays. */
  note(line: string): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** Milliseconds between two lines of the same piece of work. */
const interval = 10_000;

/** A bar on a terminal, and lines elsewhere, with the time that is left. */
export function progressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? barDisplay(stream) : lineDisplay(stream);
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const options: Options = {
    stream,
    format: '{bar} {percentage}% | {left} | {title} {detail}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
  };
  const left = remaining();
  let bar: SingleBar | undefined;
  let current = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show: (step) => {
      const { title, done, total, detail = '' } = step;
      const payload = { title, detail, left: left(step) ?? '…' };
      if (bar === undefined || title !== current) {
        stop();
        current = title;
        bar = new SingleBar(options, Presets.shades_classic);
        bar.start(total, done, payload);
      } else {
        bar.setTotal(total);
        bar.update(done, payload);
      }
    },
    note: (line) => {
      stop();
      stream.write(`${line}\n`);
    },
    stop,
  };
}

function lineDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const left = remaining();
  let current: string | undefined;
  let last = 0;
  let isOver = false;
  return {
    show: (step) => {
      const { title, done, total, detail } = step;
      const time = left(step);
      const now = Date.now();
      const isNew = title !== current;
      // Its end is told too, once.
      const ends = done >= total && !(isOver && !isNew);
      if (!isNew && !ends && now - last < interval) return;
      [current, last, isOver] = [title, now, done >= total];
      const share = `${Math.floor((100 * done) / total)} %`;
      const parts = [share, time, detail].filter((part) => part !== undefined && part !== '');
      stream.write(`${title}: ${parts.join(', ')}\n`);
    },
    note: (line) => stream.write(`${line}\n`),
    stop: () => undefined,
  };
}

/** The time that is left: what a step says, else what the pace since the first step of its title lets expect. */
function remaining(): (step: Step) => string | undefined {
  let first: { readonly title: string; readonly done: number; readonly time: number } | undefined;
  return ({ title, done, total, remainingSeconds }) => {
    if (first?.title !== title || done < first.done) first = { title, done, time: Date.now() };
    const passed = (Date.now() - first.time) / 1000;
    const seconds =
      remainingSeconds ??
      (done > first.done ? (passed * (total - done)) / (done - first.done) : undefined);
    return seconds === undefined || done >= total ? undefined : `${duration(seconds)} left`;
  };
}
