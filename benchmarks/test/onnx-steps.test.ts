import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { adamWSettings } from '../src/cases/adamw.ts';
import { casesOf } from '../src/cases/index.ts';
import { writeInputs } from '../src/inputs.ts';
import { commandOf, type RunnerKind, runnerKinds } from '../src/runner-list.ts';
import { RunnerProcess } from '../src/runner-process.ts';
import type { Case, LoadedCase } from '../src/types.ts';

const scratch = mkdtempSync(join(tmpdir(), 'neverend-onnx-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const loaded = (id: string): LoadedCase =>
  writeInputs(casesOf('tiny').find((one) => one.id === id) as Case, scratch);

function numbers(file: string, dtype: 'float32' | 'int32' = 'float32'): number[] {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  return [...(dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes))];
}

const input = ({ inputs }: LoadedCase, name: string): number[] => {
  const { file, dtype } = inputs.find((one) => one.name === name) as LoadedCase['inputs'][number];
  return numbers(file, dtype);
};

/** What a runner answers to a case; the test is skipped where its library is not installed. */
async function outputs(id: string, wanted: LoadedCase, { skip }: TestContext): Promise<number[][]> {
  const kind = runnerKinds.find((one) => one.id === id) as RunnerKind;
  const runner = new RunnerProcess(commandOf(kind, 1, 'no Python here'));
  try {
    const hello = await runner.hello(60);
    if ('absent' in hello && hello.absent.startsWith('Cannot find module')) skip(hello.absent);
    expect(hello).toMatchObject({ timed: true });
    expect(await runner.ask({ do: 'load', case: wanted }, 60)).toEqual({ ok: true });
    const reply = await runner.ask({ do: 'run', folder: scratch }, 60);
    return 'outputs' in reply ? reply.outputs.map(({ file }) => numbers(file)) : [];
  } finally {
    await runner.end();
  }
}

describe.each(['onnxruntime-node', 'onnxruntime-web'])('%s', (id) => {
  it('adds every row to its row of the table, several to one where indices repeat', async (context) => {
    const wanted = loaded('scatter-add-rows');
    const width = wanted.inputs[0]?.shape[1] ?? 0;
    const [table, indices, rows] = ['table', 'indices', 'rows'].map((name) => input(wanted, name));
    expect(new Set(indices).size).toBeLessThan(indices?.length ?? 0);
    for (const [at, index] of indices?.entries() ?? []) {
      for (let column = 0; column < width; column++) {
        const added = rows?.[at * width + column] ?? Number.NaN;
        if (table) table[index * width + column] = (table[index * width + column] ?? 0) + added;
      }
    }
    const expected = indices?.flatMap((index) =>
      table?.slice(index * width, (index + 1) * width),
    ) as number[];

    const [actual = []] = await outputs(id, wanted, context);
    expect(actual.length).toBe(expected.length);
    // Sums of a few numbers of order one: some units of float32's last place.
    for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 5);
  }, 120_000);

  it('takes three steps of AdamW under two gradients in turn', async (context) => {
    const wanted = loaded('adamw');
    const { learningRate, beta1, beta2, epsilon, weightDecay } = adamWSettings;
    const names = wanted.inputs.map(({ name }) => name).filter((name) => !name.includes('/'));
    // Loshchilov and Hutter 2019, algorithm 2, in float64.
    const expected = names.map((name) => {
      const gradients = [input(wanted, `d1/${name}`), input(wanted, `d2/${name}`)];
      return input(wanted, name).map((parameter, at) => {
        let [p, m, v] = [parameter, 0, 0];
        for (let step = 1; step <= 3; step++) {
          const g = gradients[(step - 1) % 2]?.[at] ?? Number.NaN;
          m = beta1 * m + (1 - beta1) * g;
          v = beta2 * v + (1 - beta2) * g ** 2;
          const direction =
            m / (1 - beta1 ** step) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
          p -= learningRate * (direction + weightDecay * p);
        }
        return p;
      });
    });

    const actual = await outputs(id, wanted, context);
    expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
    // A step is 1e-3: what is wrong by a thousandth of a step shows.
    for (const [index, values] of expected.entries()) {
      for (const [at, value] of values.entries()) {
        expect(Math.abs((actual[index]?.[at] ?? Number.NaN) - value)).toBeLessThan(1e-6);
      }
    }
  }, 120_000);
});
