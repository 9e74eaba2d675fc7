import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from './agree.ts';
import { Field } from './field.ts';
import { writeInputs } from './inputs.ts';
import { currentLoad } from './machine-limits.ts';
import type { Options } from './options.ts';
import type { CaseResult, Outcome } from './results.ts';
import { runnerKinds } from './runner-list.ts';
import type { Case, Output } from './types.ts';

/**
 * A case on one runner after the other, each of which ends before the next one starts: of those that take gigabytes not all fit into memory. Their results are held
 * against each other in the end.
 *
 * @param known takes what is known of a runner that has started.
 */
export async function oneByOne(
  wanted: Case,
  options: Options,
  threads: number,
  known: (described: Field['described']) => void,
): Promise<CaseResult> {
  const [date, load] = [new Date().toISOString(), currentLoad()];
  const loaded = writeInputs(wanted, options.scratch);
  const outcomes: Record<string, Outcome> = {};
  const results = new Map<string, readonly Output[]>();
  const kinds = runnerKinds.filter(
    (kind) =>
      kind.role !== 'machine' && (kind.only ?? wanted.op) === wanted.op && options.runners(kind),
  );
  for (const { id } of kinds) {
    const field = new Field({ ...options, runners: (kind) => kind.id === id }, threads);
    try {
      await field.start([wanted]);
      known(field.described);
      const outputs = await field.runLoaded(
        loaded,
        options.secondsPerCase / kinds.length,
        outcomes,
      );
      if (outputs !== undefined) results.set(id, outputs);
    } finally {
      await field.end();
    }
  }
  const { reference, reasons } = compare(results, wanted.tolerance, wanted.apart);
  for (const [id, disagrees] of reasons) {
    if (disagrees !== undefined) {
      outcomes[id] = { disagrees };
      options.say(`  ${id}: ${disagrees}`);
    }
    rmSync(join(options.scratch, id), { recursive: true, force: true });
  }
  return Field.resultOf(wanted, { threads, date, load, reference, outcomes });
}
