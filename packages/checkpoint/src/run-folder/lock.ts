import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { link, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ofPath } from '../of-path.ts';
import { hasCode } from './files.ts';
import { RunError } from './run-error.ts';

/**
 * Keeps a second process out of a run folder: a file `lock` that names the process that holds it. The lock
 * of a process that is gone is taken over.
 *
 * @returns a function that gives the lock back.
 * @throws RunError when another process holds the lock.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: processStart(process.pid),
    token: randomUUID(),
  });
  // Written elsewhere and linked, so that nobody ever reads half a lock.
  const draft = part(folder, process.pid);
  await ofPath(path, () => writeFile(draft, mine));
  try {
    while (!(await create(path, draft, mine))) {
      const content = readLock(folder, path);
      if (content === undefined) continue;
      refuseHeld(folder, path, content);
      await removeStale(folder, path, content, (claim) => create(claim, draft, mine));
    }
  } finally {
    await rm(draft, { force: true });
  }
  // What cannot be removed does no harm.
  await removeAbandoned(folder).catch(() => undefined);
  return () => {
    if (read(path) === mine) rmSync(path, { force: true });
  };
}

const part = (folder: string, pid: number): string =>
  join(folder, `.lock.${pid}-${randomUUID()}.part`);

/** @returns false when there is a lock already. */
async function create(path: string, draft: string, content: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
  }
  // A file system without hard links: whoever reads while this writes is told that it is not a lock.
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes what processes that were killed while they asked for the lock left behind. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = /^\.lock\.(\d+)-[\da-f-]{36}\.part$/.exec(name) ?? [];
    const isClaim = /^\.lock\.[\da-f]{64}\.claim$/.test(name);
    const left = isClaim ? !isHeld(join(folder, name)) : pid && !isAlive(Number(pid));
    if (left) await rm(join(folder, name), { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

function holderOf(content: string): Holder | undefined {
  try {
    const holder = JSON.parse(content);
    return typeof holder?.pid === 'number' && typeof holder.host === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined where it has gone meanwhile. @throws RunError where it cannot be read. */
function readLock(folder: string, path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${path} cannot be read (${reason}); delete it if no run uses ${folder}`);
  }
}

/** @throws RunError when the holder of the lock is alive, or was on another machine. */
function refuseHeld(folder: string, path: string, content: string): void {
  const holder = holderOf(content);
  if (holder === undefined) {
    throw new RunError(`${path} is not a lock of this program; delete it if no run uses ${folder}`);
  }
  if (holder.host !== hostname()) {
    throw new RunError(
      `process ${holder.pid} on ${holder.host} uses ${folder}; wait for it, or delete ${path} if it is gone`,
    );
  }
  if (isRunning(holder)) {
    throw new RunError(
      `process ${holder.pid} is running in ${folder}; wait for it or use another folder`,
    );
  }
}

/** Whether a claim may be of a process that is at work. */
function isHeld(claim: string): boolean {
  const holder = holderOf(read(claim) ?? '');
  if (holder !== undefined) return holder.host !== hostname() || isRunning(holder);
  // Without hard links its content comes a moment after it.
  const made = statSync(claim, { throwIfNoEntry: false })?.mtimeMs;
  return made === undefined || Date.now() - made < 5000;
}

const isRunning = ({ pid, started }: Holder): boolean =>
  isAlive(pid) && processStart(pid) === started;

/** What a process holds while it removes a stale file of this content. */
const claimOf = (folder: string, content: string): string =>
  join(folder, `.lock.${createHash('sha256').update(content).digest('hex')}.claim`);

/**
 * Removes a stale lock, or a stale claim. Whoever looked at the same one a moment ago could remove a newer one that has come in its
 * place: so only the process that holds the claim on this content may, and only while the content is still there.
 */
async function removeStale(
  folder: string,
  path: string,
  content: string,
  take: (claim: string) => Promise<boolean>,
): Promise<void> {
  const claim = claimOf(folder, content);
  if (await take(claim)) {
    try {
      if (read(path) === content) await rm(path, { force: true });
    } finally {
      await rm(claim, { force: true });
    }
    return;
  }
  const other = read(claim);
  // Its holder is at it.
  if (other === undefined || isHeld(claim)) await setTimeout(5);
  else await removeStale(folder, claim, other, take);
}

/** When a process started, in the kernel's ticks: tells a process from a later one with its number. Linux only. */
const processStart = (pid: number): string | null => processStat(pid)?.[19] ?? null;

/** The fields of `/proc/<pid>/stat` from the state on; before it is the command's name, which may hold spaces. */
function processStat(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isAlive(pid: number): boolean {
  // A killed process whose parent has not asked for its end is still listed, as a zombie.
  if (['Z', 'X'].includes(processStat(pid)?.[0] ?? '')) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
