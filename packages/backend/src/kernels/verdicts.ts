import * as tf from '@tensorflow/tfjs-core';
import { isNode } from '../platform.ts';
import { type Extent, extents } from './self-test.ts';
import { type Json, openStore, type VerdictStore } from './verdict-store.ts';

declare global {
  interface ImportMeta {
    /** A hash of a package's sources, which its build puts in the place of this; a checkout has none. */
    readonly neverendCode?: string;
  }
}

/** What came out of a comparison: how far the backend kernel agreed, or how it did not. */
export interface Verdict {
  readonly agreed?: Extent | undefined;
  readonly reason?: string | undefined;
}

/** What the verdicts on a backend hold for, beside the machine and the host. */
export interface Surroundings {
  readonly name: string;
  readonly version: string;
  /** The name with its threads and instruction set, or the GPU and its driver. */
  readonly device: string;
  /** Which build of the native parts runs, where there are several of one version. */
  readonly build: string;
}

/** The part of a kernel's definition that a verdict is about. */
interface Subject {
  readonly name: string;
  readonly code?: string | undefined;
}

/** Keys that are kept, those written last: the ones of versions that are gone would pile up. */
const mostKeys = 16;
/** Milliseconds that a start waits for the store. What comes later serves the calls after it. */
const patience = 50;
/** Milliseconds for which verdicts are gathered before they are written. */
const delay = 100;

let store: VerdictStore | undefined;
let reading: Promise<Json> | undefined;
/** The key of this machine and its software, for each backend by its name. */
const keys = new Map<string, string>();
/** The verdicts, by key and kernel: what was read, and what this process found out. */
let verdicts: Json = {};
let unwritten: Json = {};

/**
 * Begins to read what earlier processes found out, once. Only packages that were built keep verdicts: in a checkout the
 * code changes from run to run.
 */
export function openVerdicts(
  code: string | undefined = import.meta.neverendCode,
  open: () => VerdictStore = openStore,
): void {
  if (code === undefined || store !== undefined) return;
  store = open();
  reading = store.read().catch(() => ({}));
  void reading.then((read) => {
    verdicts = merge(read, verdicts);
  });
}

/** Takes over the verdicts that hold here, for a backend that has just become current. */
export async function useVerdicts(
  surroundings: Surroundings,
  code: string | undefined = import.meta.neverendCode,
): Promise<void> {
  if (reading === undefined) return;
  const { name, version, device, build } = surroundings;
  const parts = [1, code, tf.version_core, name, version, device, build, ...(await machine())];
  keys.set(name, JSON.stringify(parts));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience);
  });
  await Promise.race([reading, late]);
  clearTimeout(timer);
}

/** What is known of a kernel on a backend from an earlier process. */
export function recall(backend: string, { name, code }: Subject): Verdict | undefined {
  const found = childOf(childOf(verdicts, keys.get(backend)), name);
  if (code === undefined || found['code'] !== code) return undefined;
  const { agreed, reason } = found;
  if (typeof reason === 'string') return { reason };
  const extent = extents.find((one) => one === agreed);
  return extent === undefined ? undefined : { agreed: extent };
}

/** Keeps a verdict for later processes. */
export function remember(backend: string, { name, code }: Subject, verdict: Verdict): void {
  const key = keys.get(backend);
  if (key === undefined || code === undefined) return;
  if (Object.keys(unwritten).length === 0) writeSoon();
  const news = { [key]: { [name]: { code, ...verdict } } };
  unwritten = merge(unwritten, news);
  verdicts = merge(verdicts, news);
}

function writeSoon(): void {
  const timer: unknown = setTimeout(write, delay);
  if (!isNode) return;
  (timer as NodeJS.Timeout).unref();
  // A program may end before.
  process.off('exit', write).on('exit', write);
}

function write(): void {
  const news = unwritten;
  unwritten = {};
  if (Object.keys(news).length > 0) store?.update((old) => merge(old, news));
}

/** The newer verdicts over the older ones; keys with news come last. */
function merge(older: Json, newer: Json): Json {
  const all: Record<string, unknown> = { ...older };
  for (const [key, verdict] of Object.entries(newer)) {
    delete all[key];
    all[key] = { ...childOf(older, key), ...(verdict as Json) };
  }
  return Object.fromEntries(Object.entries(all).slice(-mostKeys));
}

/** An object's own field where that is an object too, else an empty one: what was read may be anything. */
function childOf(parent: Json, key: string | undefined): Json {
  const child = key !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
  return typeof child === 'object' && child !== null ? (child as Json) : {};
}

/** What computes here, as far as the host tells. */
async function machine(): Promise<readonly (string | undefined)[]> {
  if (isNode) {
    const { arch, platform, versions } = process;
    const [cpu] = process.getBuiltinModule('node:os').cpus();
    return [platform, arch, cpu?.model, versions.node, versions.v8];
  }
  const { userAgentData, userAgent } = navigator as Navigator & { userAgentData?: UserAgentData };
  // Browsers leave the lesser parts of their version out of the user agent.
  const details = await userAgentData
    ?.getHighEntropyValues(['architecture', 'bitness', 'fullVersionList', 'platformVersion'])
    .catch(() => undefined);
  return [userAgent, JSON.stringify(details)];
}

interface UserAgentData {
  getHighEntropyValues(hints: readonly string[]): Promise<unknown>;
}
