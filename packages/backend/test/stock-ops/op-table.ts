import { type BackendName, backendNames } from '../../src/backend-name.ts';
import { type OpAccount, type Part, parts, titleOf } from './op-account.ts';
import type { OpSweepCase } from './op-sweep-case.ts';

const words: Readonly<Record<Part, string>> = {
  value: 'value',
  gradient: 'gradient',
  second: 'second gradient',
};

const [start, end] = ['<!-- operations -->', '<!-- end of operations -->'];

/** The text of MENDS.md with the table of this account between its marks. */
export function withTable(
  mends: string,
  account: OpAccount,
  cases: readonly OpSweepCase[],
): string {
  const [from, to] = [mends.indexOf(start) + start.length + 1, mends.indexOf(end)];
  if (from > to || !mends.includes(start)) throw new Error(`MENDS.md lacks ${start} or ${end}`);
  return `${mends.slice(0, from)}\n${tableOf(account, cases)}\n${mends.slice(to)}`;
}

/** Markdown: the operations that need nothing in a line, and of the others what each backend does. */
function tableOf(account: OpAccount, cases: readonly OpSweepCase[]): string {
  const ops = [...new Set(cases.map(({ op }) => op))].sort();
  const rows = ops.map((op) => {
    const of = cases.filter((sweepCase) => sweepCase.op === op);
    return { op, cells: backendNames.map((backend) => cellOf(account, of, backend)) };
  });
  const isRight = ({ cells }: { cells: readonly string[] }) =>
    cells.every((cell) => cell === 'right');
  const right = rows.filter(isRight).map(({ op }) => `\`${op}\``);
  const lines = rows
    .filter((row) => !isRight(row))
    .map(({ op, cells }) => `| \`${op}\` | ${cells.join(' | ')} |`);
  return [
    `Right everywhere, also in stock TensorFlow.js: ${right.join(', ')}.`,
    '',
    `| operation | ${backendNames.join(' | ')} |`,
    `|---|${backendNames.map(() => '---|').join('')}`,
    ...lines,
    '',
  ].join('\n');
}

function cellOf(account: OpAccount, cases: readonly OpSweepCase[], backend: BackendName): string {
  const failuresIn = (how: keyof OpAccount, part: Part) =>
    cases.flatMap((sweepCase) => {
      const failure = account[how][titleOf(sweepCase)]?.[`${part} on ${backend}`];
      return failure === undefined ? [] : [{ name: sweepCase.name, failure }];
    });
  const open = parts.flatMap((part) => {
    const [first, ...more] = failuresIn('mended', part);
    if (first === undefined) return [];
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    return [{ part, text: `(${first.name}${others}): ${shortened(first.failure)}` }];
  });
  // What has no gradient has no second one either.
  const told = open.filter(({ text }, index) => text !== open[index - 1]?.text);
  const mended = parts.filter(
    (part) => failuresIn('mended', part).length === 0 && failuresIn('stock', part).length > 0,
  );
  const done =
    mended.length === 0 ? [] : [`mended: ${mended.map((part) => words[part]).join(', ')}`];
  const said = [...done, ...told.map(({ part, text }) => `not mended: ${words[part]} ${text}`)];
  return said.length === 0 ? 'right' : said.join('; ').replaceAll('|', '\\|');
}

/** What a message says beyond that it is one. */
function shortened(failure: string): string {
  const text = failure
    .replace(/^throws: (Cannot compute gradient: |Invalid TF_Status: \d+ Message: )?/, 'throws "')
    .replace(/^(throws ".*?)\.?$/, '$1"');
  return text.length > 80 ? `${text.slice(0, 76)}..."` : text;
}
