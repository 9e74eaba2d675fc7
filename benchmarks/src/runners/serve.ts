import { Console } from 'node:console';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Hello, LoadedCase, Profile, Reply, Request } from '../types.ts';

export type Numbers = Float32Array | Int32Array;

/** A case that is ready to run. `Result` is what the implementation computes with. */
export interface Prepared<Result> {
  /** The timed part: settles when the result is there, not before. */
  readonly run: () => Result | Promise<Result>;
  readonly read: (
    result: Result,
  ) => Promise<readonly { readonly shape: readonly number[]; readonly data: Numbers }[]>;
  readonly free: (result: Result) => void;
  readonly dispose: () => void;
  /** Runs before `read`; more than one where a single one would show little. */
  readonly runsToRead?: number;
}

export interface Implementation<Result> {
  readonly hello: Hello;
  /** Resolves to the reason where the implementation has no such operation. */
  readonly load: (
    wanted: LoadedCase,
    inputs: ReadonlyMap<string, Numbers>,
  ) => Promise<Prepared<Result> | string>;
  /** Where the time of something that is run so many times goes, where the implementation can tell. */
  readonly profile?: (run: () => Promise<void>, runs: number) => Promise<Profile>;
}

/**
 * Answers the harness on stdin and stdout, a line of JSON to each line of JSON, until stdin ends.
 *
 * @param start rejects where the implementation cannot run here; the message becomes the reason.
 */
export async function serve<Result>(start: () => Promise<Implementation<Result>>): Promise<void> {
  // Libraries that log must not write between the answers.
  globalThis.console = new Console(process.stderr, process.stderr);
  const answer = (line: Hello | Reply) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  let implementation: Implementation<Result>;
  try {
    implementation = await start();
  } catch (error) {
    answer({ absent: reasonOf(error) });
    return;
  }
  answer(implementation.hello);
  let prepared: Prepared<Result> | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      if (request.do === 'load') {
        const inputs = new Map(
          request.case.inputs.map((input) => [input.name, readNumbers(input.file, input.dtype)]),
        );
        const loaded = await implementation.load(request.case, inputs);
        if (typeof loaded === 'string') answer({ unable: loaded });
        else {
          prepared = loaded;
          answer({ ok: true });
        }
      } else if (request.do === 'unload') {
        prepared?.dispose();
        prepared = undefined;
        answer({ ok: true });
      } else if (prepared === undefined) throw new Error(`nothing is loaded to ${request.do}`);
      else if (request.do === 'run') answer(await runOnce(prepared, request.folder));
      else if (request.do === 'profile') {
        const { run, free } = prepared;
        const once = async () => free(await run());
        if (implementation.profile === undefined) answer({ unable: 'it has no profile' });
        else answer({ profile: await implementation.profile(once, request.runs) });
      } else answer({ times: await time(prepared, request) });
      collect(request.do === 'load');
    } catch (error) {
      answer({ error: reasonOf(error) });
    }
  }
  // Threads of a library must not keep the process.
  process.exit();
}

async function runOnce<Result>(prepared: Prepared<Result>, folder: string): Promise<Reply> {
  for (let run = 1; run < (prepared.runsToRead ?? 1); run++) prepared.free(await prepared.run());
  const result = await prepared.run();
  const arrays = await prepared.read(result);
  prepared.free(result);
  const outputs = arrays.map(({ shape, data }, index) => {
    const file = join(folder, `${index}.f32`);
    writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { shape, file };
  });
  return { outputs };
}

async function time<Result>(
  { run, free }: Prepared<Result>,
  { milliseconds, runs }: { readonly milliseconds: number; readonly runs: number },
): Promise<number[]> {
  const times: number[] = [];
  let spent = 0;
  while (times.length === 0 || (spent < milliseconds && times.length < runs)) {
    const begin = performance.now();
    const result = await run();
    const took = performance.now() - begin;
    free(result);
    times.push(took);
    spent += took;
  }
  return times;
}

function readNumbers(file: string, dtype: 'float32' | 'int32'): Numbers {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const Kind = dtype === 'float32' ? Float32Array : Int32Array;
  return byteOffset % 4 === 0
    ? new Kind(buffer as ArrayBuffer, byteOffset, byteLength / 4)
    : new Kind(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}

let held = 0;

/** Results live outside of JavaScript's heap; without this they would pile up there. It takes long, so only at need. */
function collect(loaded: boolean): void {
  if (loaded) {
    // The arrays that were read are tensors now.
    globalThis.gc?.();
    held = process.memoryUsage().arrayBuffers;
  }
  if (process.memoryUsage().arrayBuffers > held + 2 ** 27) globalThis.gc?.();
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n', 1)[0] ?? '';
