/** The command that runs, as its user typed it or could have. */
export function commandLine(): string {
  // npm names the script that it runs.
  const program =
    process.env['npm_lifecycle_event'] === 'trecvit' ? 'npm run trecvit --' : 'trecvit';
  return [program, ...process.argv.slice(2).map(quoted)].join(' ');
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
