import { join, resolve } from 'node:path';
import {
  checkEmpty,
  commandRunner,
  integer,
  quoted,
  requiredOption,
  runProgram,
  type Step,
  statusHelp,
} from '@neverend/command-line';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultCache } from './default-cache.ts';
import { version } from './environment/version.ts';
import { presets } from './presets.ts';
import type { ReportData } from './report/index.ts';
import { scopeText, verdictText } from './report/scope.ts';
import type { RunSettings } from './settings.ts';
import type { Progress } from './types.ts';

interface CommonFlags {
  readonly cache: string;
  readonly json?: true;
  readonly quiet?: true;
}

interface RunFlags extends CommonFlags {
  readonly preset: string;
  readonly out: string;
  readonly seed: number;
  readonly backend?: RunSettings['backend'];
  readonly shuffleLabels?: true;
}

const program = new Command('nevis')
  .description("NEVIS'22: learners against a stream of real image-classification tasks")
  .version(version())
  .exitOverride()
  .showHelpAfterError('(nevis --help shows how)')
  .hook('preAction', checkEmpty)
  .addHelpText(
    'after',
    `
${statusHelp('nevis')}

Examples:
  nevis run --out runs/start
  nevis resume runs/start
  nevis report runs/start
  nevis list
`,
  );

const runCommand = commandRunner('nevis');

// TensorFlow.js and all that stands on it take a second to load, which a wrong command line need not wait for.
const commands = () => import('./commands.ts');

const backends = Object.keys({
  auto: true,
  tensorflow: true,
  webgpu: true,
  wasm: true,
  cpu: true,
} satisfies Record<RunSettings['backend'], true>);

const cacheOption = () =>
  new Option('--cache <folder>', 'prepared data').default(defaultCache(), "the user's cache");
const jsonOption = () => new Option('--json', 'one JSON object on stdout and nothing else');
const quietOption = () => new Option('--quiet', 'no progress on stderr');

requiredOption(
  program
    .command('run')
    .description('run learners through the stream, or go on where an interrupted run stopped')
    .addOption(
      new Option('--preset <name>', 'settings').choices(Object.keys(presets)).default('start'),
    ),
  '--out <folder>',
  "the run's folder",
)
  .option('--seed <integer>', 'decides every random number', integer, 0)
  .addOption(new Option('--backend <name>', "instead of the preset's").choices(backends))
  .option('--shuffle-labels', 'control: labels in random order, so that errors stay at chance')
  .addOption(cacheOption())
  .addOption(jsonOption())
  .addOption(quietOption())
  .action(async (flags: RunFlags) => {
    const { summary: _, ...preset } = presets[flags.preset] ?? missingPreset(flags.preset);
    const settings: RunSettings = {
      ...preset,
      preset: flags.preset,
      seed: flags.seed,
      backend: flags.backend ?? preset.backend,
      stream: { ...preset.stream, labels: flags.shuffleLabels ? 'shuffled' : 'true' },
    };
    await runInto(flags.out, settings, flags);
  });

program
  .command('resume')
  .description('go on with an interrupted run')
  .argument('<folder>', "the run's folder")
  .addOption(cacheOption())
  .addOption(jsonOption())
  .addOption(quietOption())
  .action(async (folder: string, flags: CommonFlags) => {
    const { settingsOf } = await commands();
    await runInto(folder, await settingsOf(folder), flags);
  });

program
  .command('report')
  .description('write the report of a finished run again')
  .argument('<folder>', "the run's folder")
  .addOption(jsonOption())
  .action(async (folder: string, { json }: Pick<CommonFlags, 'json'>) => {
    const { remakeReport } = await commands();
    const report = resolve(await remakeReport(folder));
    process.stdout.write(json ? `${JSON.stringify({ report })}\n` : `${report}\n`);
  });

program
  .command('list')
  .description('the tasks, which of them have data here, and the presets')
  .addOption(cacheOption())
  .addOption(jsonOption())
  .action(async ({ cache, json }: CommonFlags) => {
    const { list } = await commands();
    const listing = await list(cache);
    if (json) {
      process.stdout.write(`${JSON.stringify(listing)}\n`);
      return;
    }
    const tasks = listing.tasks.map(
      ({ year, name, classes, domain, fix }) =>
        `  ${year}  ${name.padEnd(18)} ${fix ? `no data; get it with: ${fix}` : `${classes} classes, ${domain}`}`,
    );
    const known = listing.presets.map(
      ({ name, summary, learners }) =>
        `  ${name.padEnd(8)} ${summary}\n  ${''.padEnd(8)} learners: ${learners.join(', ')}`,
    );
    process.stdout.write(`tasks\n${tasks.join('\n')}\npresets\n${known.join('\n')}\n`);
  });

async function runInto(folder: string, settings: RunSettings, flags: CommonFlags): Promise<void> {
  const { cache, json } = flags;
  // Where another program runs this one, its user knows that one alone.
  const again = process.env['NEVIS_AGAIN'] ?? `nevis resume ${quoted(folder)}`;
  await runCommand(
    flags,
    async ({ signal, note, progress, print }) => {
      const { run } = await commands();
      const show = (step: Progress) => {
        // Validations belong to the training around them.
        if (step.phase !== 'validate') progress(stepOf(step));
      };
      const data = await run(folder, settings, { cache, signal, note, progress: show });
      const report = resolve(join(folder, 'report.html'));
      await print(json ? `${JSON.stringify(result(data, report))}\n` : summary(data, report));
    },
    { interrupted: `interrupted; go on with: ${again}` },
  );
}

function stepOf({ phase, label, done, total }: Progress): Step {
  if (phase === 'prepare') return { title: 'prepare data', detail: label, done, total };
  return { title: phase === 'report' ? phase : `${phase} ${label}`, done, total };
}

function result({ learners, stream, command, comparisons }: ReportData, report: string) {
  const tasks = new Map(stream.tasks.map((task) => [task.position, task]));
  return {
    report,
    command,
    comparisons: comparisons.average,
    learners: learners.map(({ name, averageErrorRate, ...learner }) => ({
      name,
      averageErrorRate,
      tasks: learner.tasks.map(({ position, errorRate, nonFinite, cumulativeFlops }) => ({
        position,
        name: tasks.get(position)?.name,
        year: tasks.get(position)?.year,
        errorRate,
        ...(nonFinite !== undefined && { nonFinite }),
        cumulativeFlops,
      })),
    })),
  };
}

function summary(data: ReportData, report: string): string {
  const { learners, stream, command } = data;
  const width = Math.max(...stream.tasks.map(({ name }) => name.length)) + 7;
  const head = ['error'.padEnd(width), ...learners.map(({ title }) => title)].join('  ');
  const rows = stream.tasks.map(({ position, name, year }) =>
    [
      `${name} (${year})`.padEnd(width),
      ...learners.map(({ title, tasks }) => {
        const task = tasks.find((one) => one.position === position);
        const error = task === undefined ? '-' : `${(100 * task.errorRate).toFixed(1)} %`;
        return error.padStart(title.length);
      }),
    ].join('  '),
  );
  const notes = [
    scopeText(data),
    verdictText(data),
    ...(command === null ? [] : [`again: ${command}`]),
    `report: ${report}`,
  ];
  return `${[head, ...rows, ...notes.filter(Boolean)].join('\n')}\n`;
}

function missingPreset(name: string): never {
  throw new InvalidArgumentError(`There is no preset ${name}.`);
}

void runProgram(program, process.argv.slice(2));
