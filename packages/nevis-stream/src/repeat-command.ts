import { stableJson } from '@neverend/checkpoint/node';
import { presets } from './presets.ts';
import type { RunSettings } from './settings.ts';

/**
 * The command line that makes a run again, into a folder `again`.
 *
 * @param backend that it ran on. @returns undefined for settings that no command line gives.
 */
export function repeatCommand(settings: RunSettings, backend: string): string | undefined {
  const { preset, seed, stream, learners } = settings;
  const known = presets[preset];
  const { labels } = stream;
  const given = { stream: { ...known?.stream, labels }, learners: known?.learners };
  if (stableJson(given) !== stableJson({ stream, learners })) return undefined;
  return [
    ...['nevis', 'run', '--preset', preset, '--seed', seed, '--backend', backend],
    ...(labels === 'shuffled' ? ['--shuffle-labels'] : []),
    ...['--out', 'again'],
  ].join(' ');
}
