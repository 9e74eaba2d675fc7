import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { holdingLock } from '../setup-lock.mjs';

/** What a claim waits for; a test sets it to stop one process between its look at a lock and its claim. */
let beforeClaim: () => Promise<void>;
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  const writeFile: typeof actual.writeFile = async (file, ...args) => {
    if (/lock\.[\da-f]{64}$/.test(String(file))) await beforeClaim();
    await actual.writeFile(file, ...args);
  };
  return { ...actual, writeFile };
});

/** No process has a number as high as this. */
const nobody = 2 ** 30;

let folder: string;
let lock: string;
beforeEach(() => {
  beforeClaim = async () => {};
  folder = mkdtempSync(join(tmpdir(), 'neverend-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A promise, and the function that fulfils it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('the lock of the setup', () => {
  it('is there while the work runs, and gone after it, also when the work fails', async () => {
    await holdingLock(lock, async () => expect(existsSync(lock)).toBe(true));
    expect(readdirSync(folder)).toEqual([]);
    const failing = holdingLock(lock, async () => {
      throw new Error('no network');
    });
    await expect(failing).rejects.toThrow('no network');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has one holder at a time, also when many come upon one that was left behind', async () => {
    writeFileSync(lock, `${nobody} ${hostname()} left-behind\n`);
    let holders = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++holders);
      await sleep(20);
      holders -= 1;
    };
    await Promise.all(Array.from({ length: 12 }, () => holdingLock(lock, work)));
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stays with its holder when a slow process took it for the one left behind', async () => {
    writeFileSync(lock, `${nobody} ${hostname()} left-behind\n`);
    const slowLooked = gate();
    const slowMayClaim = gate();
    beforeClaim = () => {
      slowLooked.open();
      return slowMayClaim.opened;
    };
    let slowHolds = false;
    const slow = holdingLock(lock, async () => {
      slowHolds = true;
    });
    await slowLooked.opened;

    beforeClaim = async () => {};
    await holdingLock(lock, async () => {
      const mine = readFileSync(lock, 'utf8');
      slowMayClaim.open();
      await sleep(500);
      expect(slowHolds).toBe(false);
      expect(readFileSync(lock, 'utf8')).toBe(mine);
    });
    await slow;
    expect(slowHolds).toBe(true);
  });

  it('is taken over also where a process ended while it did so', async () => {
    const content = `${nobody} ${hostname()} left-behind\n`;
    writeFileSync(lock, content);
    const claim = `${lock}.${createHash('sha256').update(content).digest('hex')}`;
    writeFileSync(claim, `${nobody} ${hostname()} left-behind too\n`);
    await holdingLock(lock, async () => expect(readdirSync(folder)).toEqual(['lock']));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is left to whoever took it over in the meantime', async () => {
    await holdingLock(lock, async () => writeFileSync(lock, "another's"));
    expect(readFileSync(lock, 'utf8')).toBe("another's");
  });

  it('of another machine is taken over once nobody has touched it for a while, and not before', async () => {
    // On this machine the process would be gone.
    writeFileSync(lock, `${nobody} elsewhere token\n`);
    let holds = false;
    const onWait = vi.fn();
    const held = holdingLock(
      lock,
      async () => {
        holds = true;
      },
      onWait,
    );
    await sleep(500);
    expect(holds).toBe(false);
    expect(onWait).toHaveBeenCalledOnce();
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await held;
    expect(holds).toBe(true);
  });
});
