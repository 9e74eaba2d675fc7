/** A program of TensorFlow.js' WebGPU backend, whose code is made where no program of its key was compiled yet. */
export interface Program {
  shaderKey: string;
  readonly outputShape: number[];
  getUserCode(): string;
}

/** The part of TensorFlow.js' WebGPU backend that runs programs. */
interface Webgpu {
  runWebGPUProgram(program: Program, ...rest: unknown[]): unknown;
}

/** Runs a stock kernel with `edit` on each program that it runs. What changes the code must change the key. */
export function withPrograms<T>(
  backend: unknown,
  edit: (program: Program) => void,
  work: () => T,
): T {
  const webgpu = backend as Webgpu;
  const { runWebGPUProgram } = webgpu;
  webgpu.runWebGPUProgram = (program, ...rest) => {
    edit(program);
    return runWebGPUProgram.call(webgpu, program, ...rest);
  };
  try {
    return work();
  } finally {
    webgpu.runWebGPUProgram = runWebGPUProgram;
  }
}

/** Changes the code that a program will make, under another key. @param why makes the key another one. */
export function rewrite(program: Program, why: string, change: (code: string) => string): void {
  const code = program.getUserCode.bind(program);
  program.shaderKey += `_${why}`;
  program.getUserCode = () => change(code());
}
