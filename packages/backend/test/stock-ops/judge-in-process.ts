import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '../../src/backend-name.ts';
import type { Judgement } from './judge-case.ts';

const script = fileURLToPath(new URL('run-cases.ts', import.meta.url));
/** A case takes a second at most, but for the first of a process. */
const PATIENCE = 60_000;

/**
 * Judges all cases on a backend in processes of their own, as some calls of stock TensorFlow.js end or hang theirs.
 *
 * @returns one judgement for each case, in order.
 */
export async function judgeInProcess(
  backend: BackendName,
  how: 'stock' | 'mended',
  count: number,
): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  let endedAt: number | undefined;
  while (judgements.length < count) {
    const before = judgements.length;
    const end = await runFrom(backend, how, judgements);
    if (judgements.length === count) break;
    if (judgements.length === before && before === 0) throw new Error(`${backend}: ${end}`);
    // Whether the case ended the process, or a machine short of memory did, a second run tells.
    const again = end === 'never returns' || endedAt === judgements.length;
    endedAt = judgements.length;
    if (again) judgements.push({ value: end });
  }
  return judgements;
}

/** Appends judgements until the process ends. @returns how it ended. */
async function runFrom(
  backend: BackendName,
  how: string,
  judgements: Judgement[],
): Promise<string> {
  const args = ['--import', 'tsx', '--conditions=@neverend/source', script];
  const child: ChildProcess = spawn(
    process.execPath,
    [...args, backend, how, `${judgements.length}`],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let end = 'ends the process';
  const wait = () =>
    setTimeout(() => {
      end = 'never returns';
      child.kill('SIGKILL');
    }, PATIENCE);
  let timer = wait();
  if (child.stdout === null) throw new Error('a child without its output');
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = wait();
    const judgement = line.startsWith('{"index"') ? JSON.parse(line).judgement : undefined;
    if (judgement !== undefined) judgements.push(judgement);
  }
  clearTimeout(timer);
  return end;
}
