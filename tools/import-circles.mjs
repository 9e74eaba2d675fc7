// Import circles within a package: between its files, and between the folders right below its `src`.
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { filesBelow, importsOf, place } from './imports.mjs';
import { workspacePackages } from './packages.mjs';
import { root } from './workspace.mjs';

/** @typedef {Map<string, Set<string>>} Graph from each file or folder to those that it imports */

/**
 * One sentence for each circle, types included.
 * @param {string} [workspace] its root
 * @returns {string[]}
 */
export function circleFaults(workspace = root) {
  return workspacePackages(workspace).flatMap(({ folder }) => {
    const src = join(folder, 'src');
    if (!existsSync(src)) return [];
    /** @type {Graph} */
    const files = new Map();
    /** @type {Graph} */
    const rooms = new Map();
    const roomOf = (/** @type {string} */ file) =>
      join(src, /** @type {string} */ (relative(src, file).split(sep)[0]));
    for (const file of filesBelow(src, /\.ts$/)) {
      for (const { specifier } of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        // AssemblyScript leaves out the end of the name.
        const target = resolve(dirname(file), specifier.replace(/\.as$/, '.as.ts'));
        if (!target.startsWith(join(src, sep)) || !target.endsWith('.ts')) continue;
        link(files, file, target);
        if (roomOf(file) !== roomOf(target)) link(rooms, roomOf(file), roomOf(target));
      }
    }
    const inFiles = circles(files);
    // A circle of files in several folders is one of folders as well: it is named once.
    const found = inFiles.length > 0 ? inFiles : circles(rooms);
    return found.map((circle) => {
      const [first = '', ...others] = circle.map((path) => place(workspace, path));
      return `${[first, ...others, first].join(' imports ')}.`;
    });
  });
}

/**
 * @param {Graph} graph
 * @param {string} from
 * @param {string} to
 */
function link(graph, from, to) {
  const next = graph.get(from) ?? new Set();
  graph.set(from, next.add(to));
}

/**
 * For each part of the graph that is strongly connected the shortest circle through its first member.
 * @param {Graph} graph
 * @returns {string[][]}
 */
function circles(graph) {
  /** @type {string[][]} */
  const found = [];
  const named = new Set();
  for (const start of [...graph.keys()].sort()) {
    const circle = wayBack(graph, start);
    if (circle === undefined || circle.some((node) => named.has(node))) continue;
    for (const node of circle) named.add(node);
    found.push(circle);
  }
  return found;
}

/**
 * The nodes of the shortest way from one back to it; undefined where there is none.
 * @param {Graph} graph
 * @param {string} start
 */
function wayBack(graph, start) {
  /** @type {Map<string, string[]>} */
  const ways = new Map();
  const queue = [start];
  for (const node of queue) {
    const way = [...(ways.get(node) ?? []), node];
    for (const next of graph.get(node) ?? []) {
      if (next === start) return way;
      if (ways.has(next)) continue;
      ways.set(next, way);
      queue.push(next);
    }
  }
  return undefined;
}
