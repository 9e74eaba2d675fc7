import { isNpmScript } from './npm-script.ts';

/** The command that runs, as its user typed it or could have. */
export function commandLine(program: string): string {
  const begin = isNpmScript(program) ? `npm run ${program} --` : program;
  return [begin, ...process.argv.slice(2).map(quoted)].join(' ');
}

/** An argument as a shell takes it: in quotes where it needs them. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
