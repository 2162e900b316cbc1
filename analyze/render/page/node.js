// One node: its predicate as a grid, its table as a heat map, its readers, its weights.

import { html, short } from "./dom.js";
import { clustersOf, decoded, hasClusters, firstWords } from "./words.js";

const MOST_ROWS = 48;
const MOST_COLUMNS = 32;

/**
 * What one node is, reads, holds and who reads it.
 * @param {import("./main.js").App} app
 * @param {number} variable
 * @param {import("./executor.js").Run | null} [run]
 * @param {number | null} [position]
 */
export function nodeDetail(app, variable, run = null, position = null) {
  const node = app.graphNode(variable);
  const reads = app.data.graph.edges.filter((edge) => edge.target === node.name);
  const returned = app.machine.outputs.some((output) => output.variable === variable);
  const readers = app.data.graph.edges.filter((edge) => edge.source === node.name && !(returned && edge.role === "readout" && app.machine.readout === null));
  const named = (edges, end) => edges.flatMap((edge, at) => [at > 0 ? ", " : "", nodeLink(app, edge[end]), ` (${edge.role}${edge.swing === null ? "" : `, swing ${rounded(edge.swing)}`})`]);
  return html("div", {},
    html("h3", {}, short(node.name, 40)),
    html("p", {}, node.kind, node.reading === "" ? "" : `: ${node.reading}`, " ", app.lineLink(node.line)),
    node.source === null ? null : html("p", { class: "faint" }, `written in ${node.source.file}, line ${node.source.line}: `, html("code", {}, node.source.text)),
    ...app.deadWords(node.name).map((text) => html("p", { class: "faint" }, `dead: ${text}`)),
    reads.length === 0 ? null : html("p", {}, "reads ", ...named(reads, "source")),
    returned ? html("p", {}, "it is what comes out") : null,
    html("p", {}, readers.length === 0 ? "nobody reads it" : "is read by ", ...named(readers, "target")),
    ...tablesOf(app, variable, run, position),
  );
}

/**
 * @param {import("./main.js").App} app
 * @param {string} name
 */
function nodeLink(app, name) {
  const variable = app.variable(name);
  return variable === -1 ? name : html("button", { class: "link", click: () => app.openNode(variable) }, short(name));
}

/**
 * @param {number} number
 */
function rounded(number) {
  return Number(number.toPrecision(3)).toLocaleString("en");
}

/**
 * The tables of a node: of its clauses, its cells, its words; then the weights of its variable in the readout.
 * @param {import("./main.js").App} app
 * @param {number} variable
 * @param {import("./executor.js").Run | null} run
 * @param {number | null} position
 */
function tablesOf(app, variable, run, position) {
  return [...ownTables(app, variable, run, position), ...weightsOf(app, variable, run, position)];
}

/**
 * The tables that a node consults itself.
 * @param {import("./main.js").App} app
 * @param {number} variable
 * @param {import("./executor.js").Run | null} run
 * @param {number | null} position
 */
export function ownTables(app, variable, run, position) {
  const node = app.machine.nodes[variable - 3];
  if (node === undefined) return [];
  const value = (which) => (run === null || run.values[which] === undefined || position === null ? null : run.values[which][position]);
  switch (node.kind) {
    case "head":
    case "numeric head":
      return node.alternatives.flat().map((clause) => predicateGrid(app, clause, value(clause.query)));
    case "lookup":
      return [cellsTable(app, node, variable, value)];
    case "embedding":
      return [hasClusters(app.machine) ? clustersTable(app, node, variable, value(0)) : wordsTable(app, node, variable, value(0))];
  }
  return [];
}

/**
 * A table and, above it, what it says: a caption would be as wide as the table, and cut where that is scrolled.
 * @param {string} caption
 * @param {...any} parts
 */
function grid(caption, ...parts) {
  return [html("p", { class: "caption" }, caption), html("table", { class: "grid", "aria-label": caption }, ...parts)];
}

/**
 * @param {number} count
 * @param {number} most
 * @param {string} what
 */
function cut(count, most, what) {
  return count > most ? html("p", { class: "faint" }, `${(count - most).toLocaleString("en")} more ${what} are left out`) : null;
}

/**
 * Query by key: rows that accept the same keys stand together.
 * @param {import("./main.js").App} app
 * @param {any} clause
 * @param {number | null} current
 */
function predicateGrid(app, clause, current) {
  const { machine } = app;
  const counts = app.data.reached[clause.table] ?? [];
  const groups = new Map();
  clause.rows.forEach((row, query) => groups.set(row, [...(groups.get(row) ?? []), query]));
  const keys = keyValues(machine, clause.key);
  const head = html("tr", {}, html("th", { scope: "col" }, short(machine.variables[clause.query].name), " \\ ", short(machine.variables[clause.key].name)),
    html("th", { scope: "col", title: "how often an input consults it" }, "reached"), ...keys.slice(0, MOST_COLUMNS).map((key) => html("th", { scope: "col" }, short(key, 8))));
  const rows = [...groups].slice(0, MOST_ROWS).map(([row, queries]) => {
    const accepted = row === -1 ? null : new Set(clause.sets[row]);
    const names = queries.map((query) => decoded(machine, clause.query, query)).join(", ");
    const cells = keys.slice(0, MOST_COLUMNS).map((_, key) => html("td", { class: accepted !== null && accepted.has(key) ? "on" : "off" }, accepted === null ? "?" : accepted.has(key) ? "■" : "·"));
    const reached = queries.reduce((sum, query) => sum + (counts[query] ?? 0), 0);
    return html("tr", { class: rowClass(queries.includes(current), reached === 0) }, html("th", { scope: "row" }, short(names, 22)), html("td", { class: "amount" }, reached.toLocaleString("en")), ...cells);
  });
  return html("div", { class: "scroll" },
    ...grid(`${clause.table}: which keys (columns) a query (row) accepts; ■ accepted, · not, ? a hole`, html("thead", {}, head), html("tbody", {}, ...rows)),
    cut(groups.size, MOST_ROWS, "rows"), cut(keys.length, MOST_COLUMNS, "keys"));
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {number} variable
 */
function keyValues(machine, variable) {
  return machine.domains[machine.variables[variable].domain].symbols;
}

/**
 * @param {boolean} current
 * @param {boolean} dead
 */
function rowClass(current, dead) {
  return `${current ? "fired" : ""}${dead ? " unreached" : ""}`.trim() || null;
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Axis} axis
 */
function axisValues(machine, axis) {
  return axis.levels ?? keyValues(machine, axis.variable);
}

/**
 * The cells of a lookup: of one variable as a column, of two as a heat map, else as a list.
 * @param {import("./main.js").App} app
 * @param {any} node
 * @param {number} variable
 * @param {(variable: number) => import("./executor.js").Num} value
 */
function cellsTable(app, node, variable, value) {
  const { machine } = app;
  const name = machine.variables[variable].name;
  const counts = app.data.reached[name] ?? [];
  const axes = node.axes.map((axis) => ({ name: machine.variables[axis.variable].name, values: axisValues(machine, axis) }));
  const current = currentCell(app, node, value);
  const shown = (at) => (node.cells[at] === null ? "?" : decoded(machine, variable, node.cells[at]));
  const heat = heatOf(node.cells.map((_, at) => shown(at)));
  if (node.places === null && axes.length === 2) return heatMap(axes, shown, heat, counts, current, name);
  const keys = node.places === null ? null : [...node.places.keys()];
  const words = (at) => (keys === null ? axes[0].values[at] ?? combination(axes, at) : at < keys.length ? keys[at].split(",").map((place, which) => axes[which].values[place]).join(", ") : "otherwise");
  const rows = node.cells.slice(0, MOST_ROWS * 2).map((_, at) => html("tr", { class: rowClass(at === current, !counts[at]) }, html("th", { scope: "row" }, short(axes.length > 1 && keys === null ? combination(axes, at) : words(at), 30)),
    html("td", { class: heat(shown(at)) }, short(shown(at), 16)), html("td", { class: "amount" }, (counts[at] ?? 0).toLocaleString("en"))));
  return html("div", { class: "scroll" }, ...grid(`${name}: what it answers for ${axes.map((axis) => axis.name).join(", ")}`, html("thead", {}, html("tr", {}, html("th", {}, "reads"), html("th", {}, "answers"), html("th", {}, "reached"))), html("tbody", {}, ...rows)), cut(node.cells.length, MOST_ROWS * 2, "cells"));
}

/**
 * @param {{name: string, values: string[]}[]} axes
 * @param {number} at
 */
function combination(axes, at) {
  const places = [];
  for (const axis of [...axes].reverse()) {
    places.unshift(axis.values[at % axis.values.length]);
    at = Math.floor(at / axis.values.length);
  }
  return places.join(", ");
}

/**
 * @param {import("./main.js").App} app
 * @param {any} node
 * @param {(variable: number) => import("./executor.js").Num} value
 */
function currentCell(app, node, value) {
  return node.axes.every((axis) => value(axis.variable) !== null) ? app.cellOf(node, value) : null;
}

/**
 * Equal answers get equal shades; what they are is written in each cell.
 * @param {string[]} answers
 */
function heatOf(answers) {
  const shades = new Map([...new Set(answers)].map((answer, at) => [answer, `heat${at % 8}`]));
  return (answer) => shades.get(answer);
}

/**
 * @param {{name: string, values: string[]}[]} axes
 * @param {(at: number) => string} shown
 * @param {(answer: string) => string | undefined} heat
 * @param {number[]} counts
 * @param {number | null} current
 * @param {string} name
 */
function heatMap([rows, columns], shown, heat, counts, current, name) {
  const width = columns.values.length;
  const head = html("tr", {}, html("th", { scope: "col" }, short(rows.name), " \\ ", short(columns.name)), ...columns.values.slice(0, MOST_COLUMNS).map((key) => html("th", { scope: "col" }, short(String(key), 8))));
  const body = rows.values.slice(0, MOST_ROWS).map((key, row) => html("tr", {}, html("th", { scope: "row" }, short(String(key), 12)),
    ...columns.values.slice(0, MOST_COLUMNS).map((_, column) => {
      const at = row * width + column;
      const unreached = counts[at] === 0;
      return html("td", { class: `${heat(shown(at))}${unreached ? " unreached" : ""}${at === current ? " fired" : ""}`, title: `${(counts[at] ?? 0).toLocaleString("en")} times reached` }, short(shown(at), 8));
    })));
  return html("div", { class: "scroll" }, ...grid(`${name}: what it answers; cells that no input reaches are struck out`, html("thead", {}, head), html("tbody", {}, ...body)),
    cut(rows.values.length, MOST_ROWS, "rows"), cut(width, MOST_COLUMNS, "columns"));
}

/**
 * @param {import("./main.js").App} app
 * @param {any} node
 * @param {number} variable
 * @param {number | null} current
 */
function wordsTable(app, node, variable, current) {
  const { machine } = app;
  const counts = app.data.reached[machine.variables[variable].name] ?? [];
  const rows = node.table.slice(0, MOST_ROWS * 2).map((code, word) => html("tr", { class: rowClass(word === current, !counts[word]) }, html("th", { scope: "row" }, short(decoded(machine, 0, word), 20)), html("td", {}, code === null ? "?" : short(decoded(machine, variable, code), 16))));
  return html("div", { class: "scroll" }, ...grid("the value of each word", html("tbody", {}, ...rows)), cut(node.table.length, MOST_ROWS * 2, "words"));
}

/**
 * The words of each value: how many there are, how often inputs hold one, and the first of them.
 * @param {import("./main.js").App} app
 * @param {any} node
 * @param {number} variable
 * @param {number | null} current
 */
function clustersTable(app, node, variable, current) {
  const { machine } = app;
  const counts = app.data.reached[machine.variables[variable].name] ?? [];
  const value = current === null ? null : node.table[current];
  const clusters = clustersOf(machine, variable);
  const rows = clusters.slice(0, MOST_ROWS * 2).map((words, code) => {
    const reached = words.reduce((sum, word) => sum + (counts[word] ?? 0), 0);
    return html("tr", { class: rowClass(code === value, reached === 0) }, html("th", { scope: "row" }, short(decoded(machine, variable, code), 16)),
      html("td", { class: "amount" }, words.length.toLocaleString("en")), html("td", { class: "amount" }, reached.toLocaleString("en")), html("td", { class: "text" }, short(firstWords(machine, words), 60)));
  });
  return html("div", { class: "scroll" }, ...grid("the words of each value", html("thead", {}, html("tr", {}, ...["value", "words", "reached", "the first of them"].map((name) => html("th", { scope: "col" }, name)))), html("tbody", {}, ...rows)),
  cut(clusters.length, MOST_ROWS * 2, "values"));
}

/**
 * The weights that the readout has for a variable.
 * @param {import("./main.js").App} app
 * @param {number} variable
 * @param {import("./executor.js").Run | null} run
 * @param {number | null} position
 */
function weightsOf(app, variable, run, position) {
  const { machine } = app;
  const term = machine.readout?.terms.find((each) => each.variable === variable);
  if (term === undefined) return [];
  const scale = Number(machine.readout.scale);
  const counts = app.data.reached[`readout of ${machine.variables[variable].name}`] ?? [];
  const current = run === null || position === null || term.number ? null : run.values[variable][position];
  const most = Math.max(1, ...term.rows.flatMap((row) => (row ?? []).map((weight) => Math.abs(Number(weight)))));
  const cell = (weight) => html("td", { class: `amount weight${Math.round((4 * Math.abs(Number(weight))) / most)} ${Number(weight) < 0 ? "minus" : "plus"}` }, rounded(Number(weight) / scale));
  const rows = term.rows.slice(0, MOST_ROWS).map((row, at) => html("tr", { class: rowClass(at === current, counts[at] === 0) }, html("th", { scope: "row" }, term.number ? "times its number" : short(decoded(machine, variable, at), 16)),
    ...(row === null ? [html("td", {}, "a hole")] : row.slice(0, MOST_COLUMNS).map(cell))));
  return [html("div", { class: "scroll" }, ...grid("its weight in the readout, for each class, in logits", html("thead", {}, html("tr", {}, html("th", {}, "value"), ...machine.classes.slice(0, machine.readout.classes).slice(0, MOST_COLUMNS).map((word) => html("th", {}, short(word, 8))))), html("tbody", {}, ...rows)),
  cut(term.rows.length, MOST_ROWS, "values"), cut(machine.readout.classes, MOST_COLUMNS, "classes"))];
}
