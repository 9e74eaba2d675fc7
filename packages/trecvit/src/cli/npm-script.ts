/** Whether this runs as the script of this repository's own workspace, by `npm run trecvit`. */
export function isNpmScript(): boolean {
  const { npm_lifecycle_event: script, npm_package_name: name } = process.env;
  return script === 'trecvit' && name === 'neverend';
}

/** Goes back to the folder of who called npm, which goes to that of its package. */
export function leaveNpmFolder(): void {
  const { INIT_CWD } = process.env;
  if (isNpmScript() && INIT_CWD) process.chdir(INIT_CWD);
}
