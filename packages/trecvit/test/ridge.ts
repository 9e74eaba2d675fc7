/**
 * Weights of the ridge regression from rows of numbers to targets, in float64, by elimination.
 *
 * @param rows `[M, P]`. @param targets `[M, C]`. @param penalty above 0. @returns `[P, C]`.
 */
export function ridge(
  rows: readonly Float64Array[],
  targets: readonly Float64Array[],
  penalty: number,
): Float64Array[] {
  const [inputs, outputs] = [rows[0]?.length ?? 0, targets[0]?.length ?? 0];
  // The products of all inputs with each other, and beside them those with the targets.
  const system = Array.from({ length: inputs }, () => new Float64Array(inputs + outputs));
  for (const [m, row] of rows.entries()) {
    const target = targets[m] as Float64Array;
    for (const [p, line] of system.entries()) {
      const x = row[p] as number;
      for (let q = 0; q < inputs; q++) line[q] = (line[q] as number) + x * (row[q] as number);
      for (let c = 0; c < outputs; c++) {
        line[inputs + c] = (line[inputs + c] as number) + x * (target[c] as number);
      }
    }
  }
  for (const [p, line] of system.entries()) line[p] = (line[p] as number) + penalty;
  for (const [p, line] of system.entries()) {
    const pivot = line[p] as number;
    for (let q = p; q < line.length; q++) line[q] = (line[q] as number) / pivot;
    for (const other of system) {
      const factor = other[p] as number;
      if (other === line || factor === 0) continue;
      for (let q = p; q < line.length; q++) {
        other[q] = (other[q] as number) - factor * (line[q] as number);
      }
    }
  }
  return system.map((line) => line.slice(inputs));
}
