// What source files import.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * @typedef {object} Import
 * @property {string} specifier
 * @property {boolean} ofType whether a type is among what is imported
 */

/**
 * Files below a folder whose names match, but for those of installed packages, of builds and of projects inside of this one.
 * @param {string} folder
 * @param {RegExp} pattern
 * @returns {string[]}
 */
export function filesBelow(folder, pattern) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      return pattern.test(name) ? [path] : [];
    }
    const skipped =
      ['node_modules', 'dist'].includes(name) ||
      name.startsWith('.') ||
      existsSync(join(path, 'package.json'));
    return skipped ? [] : filesBelow(path, pattern);
  });
}

// Statements begin a line, as the formatter has them; what is in a comment or in a program inside of a string does not.
const statement =
  /^(?:import|export)\s+(type\s+)?((?:[\w$]+\s*,\s*)?(?:[\w$]+|\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s+from\s*)?(['"])([^'"\n]+)\3/gm;
const called = /\bimport\(\s*(['"])([^'"\n]+)\1\s*\)(\.[A-Z])?/g;
const include = /^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm;

/**
 * What a file imports, or includes.
 * @param {string} file
 * @returns {Import[]}
 */
export function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  if (/\.(cc|h)$/.test(file)) {
    // The folder of the file comes first, as for a relative import.
    return [...text.matchAll(include)].map(([, name = '']) => ({
      specifier: name.startsWith('.') ? name : `./${name}`,
      ofType: false,
    }));
  }
  return [
    ...[...text.matchAll(statement)].map(([, type, clause = '', , specifier = '']) => ({
      specifier,
      ofType: type !== undefined || /[{,]\s*type\s/.test(clause),
    })),
    ...[...text.matchAll(called)].map(([, , specifier = '', type]) => ({
      specifier,
      ofType: type !== undefined,
    })),
  ];
}

/** A path as every system writes it in this workspace. */
export const place = (/** @type {string} */ workspace, /** @type {string} */ path) =>
  relative(workspace, path).replaceAll(sep, '/');
