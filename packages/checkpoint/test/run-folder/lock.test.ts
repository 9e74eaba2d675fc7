import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import promises, { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockFolder } from '../../src/run-folder/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps a second holder out until it is given back', async () => {
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(
    `process ${process.pid} is running in ${folder}`,
  );
  unlock();
  (await lockFolder(folder))();
  expect(await readdir(folder)).toEqual([]);
});

it('takes over from a process that is gone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  const gone = { pid: child.pid, host: hostname(), started: null, token: 'x' };
  await writeFile(join(folder, 'lock'), JSON.stringify(gone));
  (await lockFolder(folder))();
});

it.runIf(process.platform === 'linux')(
  'takes over from an earlier process that had the number of a living one',
  async () => {
    const earlier = { pid: process.pid, host: hostname(), started: '1', token: 'x' };
    await writeFile(join(folder, 'lock'), JSON.stringify(earlier));
    (await lockFolder(folder))();
  },
);

it.runIf(process.platform === 'linux')(
  'takes over from a killed process whose parent has not asked for its end',
  async () => {
    // The shell becomes a sleep, which never asks for the ends of the shell's children; a child that ended
    // before that might be known to the shell.
    const child = 'while [ "$(cat /proc/$PPID/comm)" != sleep ]; do :; done; kill -9 $$';
    const parent = spawn('sh', ['-c', `sh -c '${child}' & echo $!; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [first] = await once(parent.stdout, 'data');
      const pid = Number(first);
      const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '')[0];
      await vi.waitUntil(() => state() === 'Z');
      const killed = { pid, host: hostname(), started: null, token: 'x' };
      await writeFile(join(folder, 'lock'), JSON.stringify(killed));
      (await lockFolder(folder))();
    } finally {
      parent.kill();
    }
  },
);

it('works on a file system without hard links', async () => {
  vi.spyOn(promises, 'link').mockRejectedValue(
    Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' }),
  );
  syncBuiltinESMExports();
  try {
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid} is running`);
    unlock();
    expect(await readdir(folder)).toEqual([]);
  } finally {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  }
});

it('removes what processes that were killed while they asked left behind, and nothing else', async () => {
  const draft = (pid: number) => `.lock.${pid}-${randomUUID()}.part`;
  const mine = draft(process.pid);
  await writeFile(join(folder, draft(2 ** 22 + 1)), 'half');
  await writeFile(join(folder, mine), 'of another caller in this process');
  (await lockFolder(folder))();
  expect(await readdir(folder)).toEqual([mine]);
});

it('respects a lock from another machine, whose processes it cannot see', async () => {
  const far = { pid: 1, host: 'elsewhere.example', started: '1', token: 'x' };
  await writeFile(join(folder, 'lock'), JSON.stringify(far));
  await expect(lockFolder(folder)).rejects.toThrow(/process 1 on elsewhere\.example/);
});

describe('a stale lock', () => {
  const gone = (token: string) =>
    JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: null, token });

  it('is taken over by exactly one of many', async () => {
    for (let round = 0; round < 30; round++) {
      await writeFile(join(folder, 'lock'), gone(`${round}`));
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
      const [held, ...others] = tries.flatMap((one) =>
        one.status === 'fulfilled' ? [one.value] : [],
      );
      expect(others).toEqual([]);
      held?.();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('is not taken over by who saw it a moment ago, once another has its place', async () => {
    await writeFile(join(folder, 'lock'), gone('x'));
    const { link } = promises;
    let first: (() => void) | undefined;
    const late = vi.spyOn(promises, 'link').mockImplementationOnce(link);
    // It has found the lock stale; before it does more, another takes it over.
    late.mockImplementationOnce(async (from, to) => {
      late.mockRestore();
      syncBuiltinESMExports();
      first = await lockFolder(folder);
      await link(from, to);
    });
    syncBuiltinESMExports();
    await expect(lockFolder(folder)).rejects.toThrow(/is running in/);
    expect(first).toBeDefined();
    first?.();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken over also where a process was killed while it did so, or while it removed what such a one left', async () => {
    const claimOf = (content: string) =>
      join(folder, `.lock.${createHash('sha256').update(content).digest('hex')}.claim`);
    const [lock, claim, claimOfClaim] = [gone('lock'), gone('claim'), gone('claim of the claim')];
    await writeFile(join(folder, 'lock'), lock);
    await writeFile(claimOf(lock), claim);
    await writeFile(claimOf(claim), claimOfClaim);
    const unlock = await lockFolder(folder);
    expect(await readdir(folder)).toEqual(['lock']);
    unlock();
  });
});
