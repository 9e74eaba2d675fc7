// Judges every case on the backends that are named, or on all: `node --import tsx --conditions=@neverend/source
// packages/backend/test/stock-ops/make-op-account.ts [BACKENDS]`. Writes the account and its table in MENDS.md.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BackendName, backendNames } from '../../src/backend-name.ts';
import { judgeInProcess } from './judge-in-process.ts';
import { type Failures, failuresOf, type OpAccount, readAccount, titleOf } from './op-account.ts';
import { opSweepCases } from './op-sweep-case.ts';
import { withTable } from './op-table.ts';

const cases = opSweepCases();
const wanted = process.argv.slice(2) as BackendName[];
const backends = backendNames.filter((name) => wanted.length === 0 || wanted.includes(name));
const before = readAccount();
const account = { stock: kept(before.stock), mended: kept(before.mended) };
// A process that stock TensorFlow.js ends costs one case, not the account.
for (const how of ['mended', 'stock'] as const) {
  for (const backend of backends) {
    process.stderr.write(`${backend}, ${how}\n`);
    const judgements = await judgeInProcess(backend, how, cases.length);
    for (const [index, sweepCase] of cases.entries()) {
      for (const [place, failure] of failuresOf(judgements[index] ?? { value: '' }, backend)) {
        const title = titleOf(sweepCase);
        account[how][title] = { ...account[how][title], [place]: failure };
      }
    }
    write(account);
  }
}

/** What is known of other backends. */
function kept(failures: Failures): Failures {
  const others = Object.entries(failures).map(([title, of]): [string, Record<string, string>] => [
    title,
    Object.fromEntries(
      Object.entries(of).filter(([place]) => !backends.some((name) => place.endsWith(` ${name}`))),
    ),
  ]);
  return Object.fromEntries(others.filter(([, of]) => Object.keys(of).length > 0));
}

function write({ stock, mended }: OpAccount): void {
  const inOrder = (failures: Failures) =>
    Object.fromEntries(
      cases.flatMap((sweepCase) => {
        const title = titleOf(sweepCase);
        const of = failures[title];
        return of === undefined ? [] : [[title, of]];
      }),
    );
  const ordered = { stock: inOrder(stock), mended: inOrder(mended) };
  replaceFile('../golden/stock-ops/account.json', `${JSON.stringify(ordered, undefined, 1)}\n`);
  const mends = readFileSync(new URL('../../MENDS.md', import.meta.url), 'utf8');
  replaceFile('../../MENDS.md', withTable(mends, ordered, cases));
}

function replaceFile(relative: string, text: string): void {
  const path = fileURLToPath(new URL(relative, import.meta.url));
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
