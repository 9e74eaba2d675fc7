/**
 * The first name that an object in `json` has twice. `JSON.parse` keeps the last one silently.
 *
 * @param json a text that `JSON.parse` takes.
 */
export function findDuplicateName(json: string): string | undefined {
  const scopes: Set<string>[] = [];
  let text = '';
  // Not a regular expression: long strings overflow its stack.
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      const end = closingQuote(json, at);
      text = json.slice(at, end + 1);
      at = end;
    } else if (character === '{') scopes.push(new Set());
    else if (character === '}') scopes.pop();
    else if (character === ':') {
      const name = JSON.parse(text) as string;
      const names = scopes.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
  }
  return undefined;
}

function closingQuote(json: string, opening: number): number {
  let at = opening + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
