/** Whether a program runs as the script of this repository's own workspace, by `npm run <program>`. */
export function isNpmScript(program: string): boolean {
  const { npm_lifecycle_event: script, npm_package_name: name } = process.env;
  return script === program && name === 'neverend';
}

/** Goes back to the folder of who called npm, which goes to that of its package. */
export function leaveNpmFolder(program: string): void {
  const { INIT_CWD } = process.env;
  if (isNpmScript(program) && INIT_CWD) process.chdir(INIT_CWD);
}
