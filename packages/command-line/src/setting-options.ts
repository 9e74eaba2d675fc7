import { Option } from 'commander';

/** How a setting of an API is taken as a flag. */
export interface Setting<T> {
  /** What stands for the value in the help. */
  readonly value: string;
  readonly text: string;
  readonly parse: (text: string) => T;
  /** The default in words, where it is no entry of the defaults. */
  readonly otherwise?: string;
}

/** Every setting as a flag: a new one is refused by the compiler until it is here. */
export type Settings<S> = { readonly [Name in keyof S]-?: Setting<S[Name]> };

/** A flag for each setting, with its default. */
export function settingOptions<S>(
  settings: Settings<S>,
  defaults: Partial<Record<keyof S, unknown>>,
): Option[] {
  return Object.entries<Setting<unknown>>(settings).map(
    ([name, { value, text, parse, otherwise }]) => {
      const standard = otherwise ?? String(defaults[name as keyof S]);
      const option = new Option(`${flagOf(name)} <${value}>`, `${text} (default: ${standard})`);
      return option.argParser(parse);
    },
  );
}

/** The settings among flags: those that were given. */
export function settingsAmong<S extends object>(settings: Settings<S>, flags: object): Partial<S> {
  const given = Object.entries(flags).filter(
    ([name, value]) => Object.hasOwn(settings, name) && value !== undefined,
  );
  return Object.fromEntries(given) as Partial<S>;
}

/** `--batch-size` for `batchSize`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
