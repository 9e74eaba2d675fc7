import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
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
  const draft = join(folder, `.lock.${process.pid}-${randomUUID()}.part`);
  await writeFile(draft, mine);
  try {
    for (;;) {
      try {
        await link(draft, path);
        break;
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      await removeStale(folder, path);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return () => {
    if (read(path) === mine) rmSync(path, { force: true });
  };
}

/** @throws RunError when the holder of the lock is alive, or was on another machine. */
async function removeStale(folder: string, path: string): Promise<void> {
  const content = read(path);
  if (content === undefined) return;
  let holder: { pid: number; host: string; started: string | null };
  try {
    holder = JSON.parse(content);
  } catch {
    throw new RunError(`${path} is not a lock of this program; delete it if no run uses ${folder}`);
  }
  if (holder.host !== hostname()) {
    throw new RunError(
      `process ${holder.pid} on ${holder.host} uses ${folder}; wait for it, or delete ${path} if it is gone`,
    );
  }
  if (isAlive(holder.pid) && processStart(holder.pid) === holder.started) {
    throw new RunError(
      `process ${holder.pid} is running in ${folder}; wait for it or use another folder`,
    );
  }
  // Whoever moves the stale file away may try for the lock; a lock moved by mistake goes back.
  const aside = join(folder, `.lock.${randomUUID()}.part`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** When a process started, in the kernel's ticks: tells a process from a later one with its number. Linux only. */
function processStart(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  // Fields are counted after the command's name, which may hold spaces.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
