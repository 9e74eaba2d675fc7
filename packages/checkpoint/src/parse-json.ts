/** What a text holds, and the first name that one of its objects has twice. */
export interface Parsed {
  readonly value: unknown;
  readonly twice?: string;
}

/**
 * `JSON.parse`, which keeps the last of two equal names silently. V8 from 12.8 on, that of Node 24, may take a name with an
 * escape for another one that it met before (nodejs/node issue 63785), so that names with escapes are read by themselves.
 *
 * @throws SyntaxError for what is no JSON. @throws RangeError where objects with such names are nested too deep.
 */
export function parseJson(json: string): Parsed {
  const value: unknown = JSON.parse(json);
  const scopes: Set<string>[] = [];
  const names: string[] = [];
  let numbered = '';
  let copied = 0;
  let opening = 0;
  let text = '';
  let hasEscapes = false;
  // Not a regular expression: long strings overflow its stack.
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      opening = at;
      at = closingQuote(json, at);
      text = json.slice(opening, at + 1);
    } else if (character === '{') scopes.push(new Set());
    else if (character === '}') scopes.pop();
    else if (character === ':') {
      const name = JSON.parse(text) as string;
      const scope = scopes.at(-1);
      if (scope?.has(name)) return { value, twice: name };
      scope?.add(name);
      hasEscapes ||= text.includes('\\');
      numbered += `${json.slice(copied, opening)}"n${names.push(name) - 1}"`;
      copied = at;
    }
  }
  if (!hasEscapes) return { value };
  return { value: named(JSON.parse(numbered + json.slice(copied)), names) };
}

/** Puts the names in the place of their numbers. */
function named(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => named(element, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      names[Number(key.slice(1))] ?? key,
      named(field, names),
    ]),
  );
}

function closingQuote(json: string, opening: number): number {
  let at = opening + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
