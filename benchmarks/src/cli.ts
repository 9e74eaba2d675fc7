import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nameSoftwareGpu } from '@neverend/backend/testing';
import { checkEmptyValues, exitStatus, UsageError } from '@neverend/command-line';
import { benchmark } from './harness.ts';
import { describeMachine } from './machine-limits.ts';
import { installNpmPeers } from './npm-peers.ts';
import { parts } from './parts.ts';
import { pythonEnvironment } from './python-environment.ts';
import { report, withReports } from './report.ts';
import { readResults, resultsFolder } from './result-files.ts';
import type { Results } from './results.ts';
import { commandOf, type RunnerKind } from './runner-list.ts';

const usage = `npm run bench -- [options]

  --case TEXT      only cases whose id holds this text; may be repeated
  --runner TEXT    only runners whose id holds this text, and the machine's limits; may be repeated
  --threads N      passes, default: 1 and 2
  --seconds N      time that the runners of a case share, default: 20
  --quick          small sizes and short times: does everything still run? Without PyTorch's compiler, which takes
                   minutes, unless --runner names it
  --no-python      without the Python runners
  --models         the whole models, and the largest product, which their shares are of; results/models/<machine>.json.
                   Without it, --peer and --case, a run at full size has all other cases
  --peer           PEER and product keys, and the largest product; results/peer/<machine>.json
  --endless        instead of all else: what a frame of a stream costs after 10 frames and after 10,000, in half an
                   hour; results/endless/<machine>.json
  --profile        instead of all else: which operations the time of the models, or with --peer of PEER, goes to, on the
                   most of the threads; results/profiles/<machine>.json
  --first-call     instead of all else: the first result and the first gradient of fresh processes, pages and workers,
                   in minutes; benchmarks/results/first-call/<machine>.json. Exit code 1 where a limit is missed
  --json           the results on stdout, as JSON
  --resume         leaves out the cases that benchmarks/results/<machine>.json has, and adds the others to it
  --out FILE       where the results go after each case. Without it, a run of all runners at full size writes
                   benchmarks/results/<machine>.json, and the README's tables; with --case only where it resumes
`;

const folder = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  await main();
} catch (error) {
  say(`error: ${(error as Error).message}`);
  process.exitCode = exitStatus(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true },
      runner: { type: 'string', multiple: true },
      threads: { type: 'string', multiple: true, default: ['1', '2'] },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-python': { type: 'boolean', default: false },
      models: { type: 'boolean', default: false },
      peer: { type: 'boolean', default: false },
      endless: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'first-call': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  checkEmptyValues(values);
  const threads = values.threads.map((text) => positive('--threads', text));
  const seconds = values.seconds === undefined ? undefined : positive('--seconds', values.seconds);
  // A GPU played by software is enough to check what is computed.
  nameSoftwareGpu();
  const scratch = mkdtempSync(join(tmpdir(), 'neverend-benchmarks-'));
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  const machine = describeMachine();
  const python = once(() => pythonEnvironment(say));
  const npmPeers = once(() => installNpmPeers(say));
  const command = (kind: RunnerKind, count: number) => {
    const isPython = kind.script[0].endsWith('.py');
    if (isPython && values['no-python']) throw new Error('--no-python leaves it out');
    if (kind.script[0] === 'onnxruntime.ts') npmPeers();
    return commandOf(kind, count, isPython ? python() : '');
  };
  const most = Math.max(...threads);
  const named = (id: string) => values.case?.some((text) => id.includes(text)) ?? true;
  const part = ['first-call', 'endless', 'profile'].find((name) => values[name as 'endless']);
  if (part !== undefined) {
    const { folder, content, table, missed } = await (parts[part] as (typeof parts)[string])({
      runners: ({ id }) =>
        values.runner?.some((text) => id.includes(text)) ?? /wasm|tensorflow/.test(id),
      command: (kind) => command(kind, most),
      ...{ threads: most, quick: values.quick, peer: values.peer, cases: named },
      ...{ machine, file: `${nameOf(machine)}.json`, scratch, say },
    });
    const text = `${JSON.stringify(content, null, 1)}\n`;
    const path = fileURLToPath(new URL(`${folder}/${nameOf(machine)}.json`, resultsFolder));
    if (values.out !== undefined || !values.quick) write(values.out ?? path, text);
    if (values.out === undefined && !values.quick) writeReadme();
    process.stdout.write(values.json ? text : table);
    for (const line of missed) {
      say(`missed: ${line}`);
      process.exitCode = 1;
    }
    return;
  }
  const allRunners = !values.runner && !values.quick && !values['no-python'];
  const keeps = values.out === undefined && allRunners && (!values.case || values.resume);
  const folder = values.models ? 'models/' : values.peer ? 'peer/' : '';
  const kept = fileURLToPath(new URL(`${folder}${nameOf(machine)}.json`, resultsFolder));
  const file = values.out ?? (keeps ? kept : undefined);
  if (values.resume && !keeps) {
    throw new UsageError('--resume goes on with all runners at full size, and without --out');
  }
  const results = await benchmark({
    threads,
    ...(values.resume && existsSync(kept) ? { known: parse(kept) } : {}),
    ...(file === undefined ? {} : { save: (sofar: Results) => write(file, format(sofar)) }),
    cases: ({ id, video, items }) => {
      const [isModel, isPeer] = [video !== undefined, items !== undefined];
      if (id === 'matmul-2048' && (values.models || values.peer)) return named(id);
      if (values.models || values.peer) return named(id) && (values.models ? isModel : isPeer);
      return named(id) && (!(isModel || isPeer) || values.quick || values.case !== undefined);
    },
    runners: ({ id, role, compiles, retrieves }) => {
      if (role === 'machine') return true;
      if (values.peer && !retrieves) return false;
      return values.runner?.some((text) => id.includes(text)) ?? !(values.quick && compiles);
    },
    size: values.quick ? 'tiny' : 'full',
    secondsPerCase: seconds ?? (values.quick ? 0.1 : 20),
    scratch,
    command,
    say,
  });
  if (results.cases.length === 0) throw new Error('no case has such an id');
  if (keeps) writeReadme();
  process.stdout.write(values.json ? format(results) : report(results));
  const wrong = results.cases.flatMap((one) =>
    Object.entries(one.outcomes).flatMap(([id, outcome]) =>
      'disagrees' in outcome ? [`${id} on ${one.case}`] : [],
    ),
  );
  if (wrong.length > 0) throw new Error(`results disagree: ${wrong.join(', ')}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && (name !== '--threads' || Number.isInteger(value))) return value;
  throw new UsageError(`${name} was ${text}; it must be a positive number`);
}

/** What failed fails again. */
function once<T>(work: () => T): () => T {
  let repeat: (() => T) | undefined;
  return () => {
    if (repeat === undefined) {
      try {
        const value = work();
        repeat = () => value;
      } catch (error) {
        repeat = () => {
          throw error;
        };
      }
    }
    return repeat();
  };
}

/** A name of the machine that can be a file's. */
function nameOf(machine: Results['machine']): string {
  return `${machine.cpu} ${machine.cpus} CPUs`
    .toLowerCase()
    .replaceAll(/\([^)]*\)/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-');
}

function format(results: Results): string {
  return `${JSON.stringify(results, null, 1)}\n`;
}

function parse(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

function writeReadme(): void {
  const path = join(folder, 'README.md');
  write(path, withReports(readFileSync(path, 'utf8'), readResults()));
}

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}
