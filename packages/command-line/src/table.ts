/** Rows in columns; the first is to the left, and the others to the right where `numbers` says so. */
export function table(
  rows: readonly (readonly string[])[],
  { numbers = true }: { readonly numbers?: boolean } = {},
): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return numbers && column > 0 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}
