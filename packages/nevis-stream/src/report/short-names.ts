/** Width of a letter in bold type, in parts of the font's size, as wide as the widest of the page's fonts have it. */
function widthOf(letter: string): number {
  if (/^[\s.,:;!|'()[\]fijlrtI/-]$/.test(letter)) return 0.45;
  if (/^[a-z\d]$/.test(letter)) return /[mw]/.test(letter) ? 1.05 : 0.7;
  if (/^[A-Z]$/.test(letter)) return /[MW]/.test(letter) ? 1.1 : 0.82;
  // Other alphabets, characters, and pictures, whose parts stand side by side where no font joins them.
  return 1.3 * [...letter].filter((part) => !/[\p{M}\p{Cf}]/u.test(part)).length;
}

const segmenter = new Intl.Segmenter('en');
const lettersOf = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);
const width = (letters: readonly string[]) =>
  letters.reduce((sum, letter) => sum + widthOf(letter), 0);

/** The first letters that fit. */
function start(letters: readonly string[], room: number): string[] {
  let left = room;
  const end = letters.findIndex((letter) => {
    left -= widthOf(letter);
    return left < 0;
  });
  return letters.slice(0, end < 0 ? letters.length : end);
}

const mark = '…';

/** Both ends of a text, where all of it does not fit. */
function ends(letters: readonly string[], room: number): string {
  if (width(letters) <= room) return letters.join('');
  const half = (room - widthOf(mark)) / 2;
  const end = start(letters.toReversed(), half).reverse().join('');
  return start(letters, half).join('').trimEnd() + mark + end.trimStart();
}

/** A text from one of its letters on. */
function middle(letters: readonly string[], from: number, room: number): string {
  const rest = letters.slice(from);
  const shown = start(rest, room - 2 * widthOf(mark));
  return mark + shown.join('').trimEnd() + (shown.length < rest.length ? mark : '');
}

/** The longest that the start of a word before the first difference may be, to be shown with it. */
const mostBefore = 4;

/** Where texts differ first beyond a letter, or where the word begins in which they do. */
function difference(texts: readonly (readonly string[])[], from: number): number {
  const [first = []] = texts;
  const at = first.findIndex((letter, place) => texts.some((text) => text[place] !== letter));
  const end = at < 0 ? first.length : at;
  const word = /[\p{L}\p{N}]*$/u.exec(first.slice(0, end).join(''))?.[0] ?? '';
  const before = lettersOf(word).length;
  return before > mostBefore || end - before <= from ? end : end - before;
}

/**
 * Names that fit in bold type: of one that does not, both ends. Names that would look alike are shown from where they differ, or
 * where that does not tell them apart either, with their place in the list.
 *
 * @param room in parts of the font's size. @returns what stands for each name.
 */
export function shortNames(names: readonly string[], room: number): ReadonlyMap<string, string> {
  const short = new Map<string, string>();
  const alike = (group: readonly string[]) =>
    [...new Set(group.map((name) => short.get(name)))]
      .map((text) => group.filter((name) => short.get(name) === text))
      .filter(({ length }) => length > 1);
  const cut = (group: readonly string[], from: number) => {
    for (const name of group) {
      const letters = lettersOf(name);
      short.set(name, from === 0 ? ends(letters, room) : middle(letters, from, room));
    }
    for (const same of alike(group)) {
      const next = difference(same.map(lettersOf), from);
      if (next > from) cut(same, next);
    }
  };
  cut([...new Set(names)], 0);
  for (const name of alike([...short.keys()]).flat()) {
    const place = `${names.indexOf(name) + 1}: `;
    short.set(name, place + ends(lettersOf(name), room - width(lettersOf(place))));
  }
  return short;
}
