import { createHash, randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

const heartbeat = 1000;
const staleAfter = 10_000;

/**
 * Runs `work` while no other process does the same with this lock. A lock is left behind when its process is
 * gone, or, where another machine or container shares the folder, when nobody has touched it for a while.
 * @param {string} lock the file that is the lock
 * @param {() => Promise<void>} work
 * @param {() => void} [onWait] called once if there is another holder
 */
export async function holdingLock(lock, work, onWait = () => {}) {
  const mine = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  for (let waited = false; !(await takeLock(lock, mine)); waited = true) {
    if (!waited) onWait();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, heartbeat);
  try {
    await work();
  } finally {
    clearInterval(beat);
    // Whoever took this process for dead holds it now.
    if ((await read(lock)) === mine) await rm(lock, { force: true });
  }
}

/**
 * @param {string} lock
 * @param {string} mine
 */
async function takeLock(lock, mine) {
  try {
    await writeFile(lock, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  const content = await leftBehind(lock);
  if (content === undefined || !(await removeLeftBehind(lock, lock, content, mine))) return false;
  return takeLock(lock, mine);
}

/**
 * Whoever looked at the same lock a moment ago could remove a newer one that has come in its place: so only the process that holds
 * the claim on this content may, and only while it is still left behind. A claim may be left behind as a lock may.
 * @param {string} lock
 * @param {string} path of the lock itself, or of a claim
 * @param {string} content of the lock that was left behind
 * @param {string} mine
 * @returns {Promise<boolean>} false where another process is at it
 */
async function removeLeftBehind(lock, path, content, mine) {
  const claim = `${lock}.${createHash('sha256').update(content).digest('hex')}`;
  try {
    await writeFile(claim, mine, { flag: 'wx' });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    const other = await leftBehind(claim);
    return other !== undefined && removeLeftBehind(lock, claim, other, mine);
  }
  try {
    if ((await leftBehind(path)) === content) await rm(path, { force: true });
  } finally {
    await rm(claim, { force: true });
  }
  return true;
}

/** Content of a lock whose holder is gone. */
async function leftBehind(/** @type {string} */ lock) {
  const content = await read(lock);
  if (content === undefined) return undefined;
  const [pid, host] = content.trim().split(' ');
  if (host === hostname() && isGone(Number(pid))) return content;
  const touched = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
  return Date.now() - touched > staleAfter ? content : undefined;
}

function isGone(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}

/** Undefined where the file was given back, or is another user's. */
const read = (/** @type {string} */ file) => readFile(file, 'utf8').catch(() => undefined);
