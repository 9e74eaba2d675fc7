import { fileURLToPath } from 'node:url';
import type { Golden, GoldenArray } from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';

/** What the golden files in JSON call what the arrays of a case are called in files of arrays. */
const names: Readonly<Record<string, string>> = {
  segment_pos: 'segmentPos',
  ct_y: 'dy',
  ...{ h0: 'state', dh0: 'dState', h_last: 'last', ct_h_last: 'dLast' },
  ...{ cache: 'last', ct_cache: 'dLast' },
  ...{ rg_lru_state: 'lastRgLru', conv1d_state: 'lastConv' },
};

/**
 * Reads a golden file of arrays `CASE/NAME` that the official code made, with its `notes.json` as what it says of itself.
 *
 * @param rename from a name in the file to that in the golden files in JSON.
 */
export async function readOfficial(
  file: string,
  rename: (name: string) => string = (name) => names[name] ?? name,
): Promise<Golden> {
  const arrays: Record<string, GoldenArray> = {};
  let meta: Golden['meta'] = {};
  const path = fileURLToPath(new URL(`golden/${file}.npz`, import.meta.url));
  for await (const [name, { dtype, shape, data }] of readNpz(path)) {
    if (name === 'notes.json') {
      meta = JSON.parse(new TextDecoder().decode(data as Uint8Array)) as Golden['meta'];
      continue;
    }
    const [group = '', ...rest] = name.split('/');
    const renamed = rest.length === 0 ? name : `${group}/${rename(rest.join('/'))}`;
    arrays[renamed] = { dtype, shape, data: Array.from(data as ArrayLike<number>, Number) };
  }
  return { meta, arrays };
}
