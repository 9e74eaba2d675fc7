import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const usage = `Usage: neverend-backend doctor [--json]

Tries every TensorFlow.js backend on this machine and prints its version and its device, or why it is
absent and the command that mends it; then the backend that "auto" takes.

Options:
  --json     print one JSON object
  --version  print the version of this package
  --help     print this text

Exit status: 0 when some backend runs here, 1 when none does, 2 for wrong usage.
`;

class UsageError extends Error {}

/** Runs the command. @returns the exit status. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) return print(usage);
  if (values.version) {
    const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return print(`${(JSON.parse(file) as { version: string }).version}\n`);
  }
  const [command, ...rest] = positionals;
  if (command === undefined) throw new UsageError('a command is missing; it must be "doctor"');
  if (command !== 'doctor') throw new UsageError(`command was "${command}"; it must be "doctor"`);
  if (rest.length > 0) throw new UsageError(`doctor takes no arguments; got "${rest.join(' ')}"`);
  // TensorFlow.js takes a while to load; usage need not wait for it.
  const { diagnose, diagnosisTable } = await import('./doctor.ts');
  const diagnosis = await diagnose();
  print(values.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisTable(diagnosis));
  return diagnosis.auto === null ? 1 : 0;
}

function parse(args: string[]): {
  values: { json?: boolean; version?: boolean; help?: boolean };
  positionals: string[];
} {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { json: flag, version: flag, help: { ...flag, short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(firstLine(error));
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? ' (see neverend-backend --help)' : '';
    process.stderr.write(`neverend-backend: ${firstLine(error)}${hint}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
