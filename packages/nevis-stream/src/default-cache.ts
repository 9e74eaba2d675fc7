import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where prepared data lie when nothing else is said. */
export function defaultCache(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'neverend', 'nevis');
}
