// Values as a person reads them, and in words what a node did.

import { fired, fraction } from "./executor.js";

/**
 * So many of a thing.
 * @param {number} count
 * @param {string} thing
 */
export function counted(count, thing) {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

/**
 * A value of a variable, from its code.
 * @param {import("./executor.js").Machine} machine
 * @param {number} variable
 * @param {import("./executor.js").Num} code
 */
export function decoded(machine, variable, code) {
  const domain = machine.domains[machine.variables[variable].domain];
  if ("symbols" in domain) return domain.symbols[code];
  if ("denominator" in domain && String(domain.denominator) === "1") return String(code);
  const [whole, count] = fraction(code, domain, machine.number);
  return reduced(BigInt(whole), BigInt(domain.denominator ?? domain.unit) * BigInt(count));
}

/**
 * @param {bigint} over
 * @param {bigint} under
 */
function reduced(over, under) {
  let [one, other] = [over < 0n ? -over : over, under];
  while (other !== 0n) [one, other] = [other, one % other];
  const shared = one === 0n ? 1n : one;
  return under === shared ? String(over / shared) : `${over / shared}/${under / shared}`;
}

/**
 * The keys that a row of a predicate accepts.
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Clause} clause
 * @param {number} query
 */
export function acceptedKeys(machine, clause, query) {
  const row = clause.rows[query];
  return row === -1 ? null : clause.sets[row].map((key) => decoded(machine, clause.key, key));
}

// Clusters: the words that an embedding gives one value ////////////////////////////////////////////////////////////////

const LISTED_WORDS = 100;

/**
 * Whether words are so many that an embedding is shown by its clusters; as `tprog.text.clusters` has it.
 * @param {import("./executor.js").Machine} machine
 */
export function hasClusters(machine) {
  return machine.vocabulary.length > LISTED_WORDS;
}

/**
 * By code of a value, the codes of its words, in the order of the vocabulary.
 * @param {import("./executor.js").Machine} machine
 * @param {number} embedding
 */
export function clustersOf(machine, embedding) {
  const node = machine.nodes[embedding - 3];
  if (node.clusters === undefined) {
    node.clusters = machine.domains[machine.variables[embedding].domain].symbols.map(() => []);
    node.table.forEach((code, word) => code !== null && node.clusters[code].push(word));
  }
  return node.clusters;
}

/**
 * The first words of a cluster.
 * @param {import("./executor.js").Machine} machine
 * @param {number[]} cluster
 */
export function firstWords(machine, cluster) {
  return some(cluster.slice(0, LISTED_KEYS).map((word) => decoded(machine, 0, word)), cluster.length);
}

/**
 * The embedding whose values a variable has, its own or copied from it by heads; -1 if there is none.
 * @param {import("./executor.js").Machine} machine
 * @param {number} variable
 */
function embeddingOf(machine, variable) {
  let at = variable;
  while (machine.variables[at].kind === "head") at = machine.nodes[at - 3].value;
  return machine.variables[at].kind === "embedding" ? at : -1;
}

/**
 * What a value of a variable stands for, where words are many; null where it stands for none.
 * @param {import("./executor.js").Machine} machine
 * @param {number} variable
 * @param {import("./executor.js").Num} code
 */
export function clusterText(machine, variable, code) {
  const embedding = hasClusters(machine) ? embeddingOf(machine, variable) : -1;
  if (embedding === -1) return null;
  const cluster = clustersOf(machine, embedding)[code];
  return `${decoded(machine, variable, code)} stands for ${counted(cluster.length, "word")}: ${firstWords(machine, cluster)}`;
}

// What a node did //////////////////////////////////////////////////////////////////////////////////////////////////////

const LISTED_KEYS = 12;

/**
 * @param {string[]} words
 * @param {number} [count]
 */
function some(words, count = words.length) {
  if (count === 0) return "nothing";
  const more = count > LISTED_KEYS ? ` and ${(count - LISTED_KEYS).toLocaleString("en")} more` : "";
  return `${words.slice(0, LISTED_KEYS).join(", ")}${more}`;
}

/**
 * What a node did at a position, as sentences.
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} run
 * @param {number} variable
 * @param {number} position
 */
export function told(machine, run, variable, position) {
  if (variable < 3) return ["It is given with the input."];
  const node = machine.nodes[variable - 3];
  const did = fired(machine, run, variable, position);
  const value = decoded(machine, variable, run.values[variable][position]);
  const at = (which) => `${machine.variables[which].name} = ${decoded(machine, which, run.values[which][position])}`;
  switch (node.kind) {
    case "embedding":
      return [`It looks up the word ${decoded(machine, 0, did.entry)}: ${value}.`, ...stoodFor(machine, run, variable, position)];
    case "lookup":
      return [lookedUp(node, did.entry, node.axes.map((axis) => at(axis.variable)), value)];
    case "linear":
      return [`It adds up, of ${node.terms.map((term) => at(term.variable)).join(", ")}: ${value}.`];
  }
  return [...asked(machine, run, node, position), ...looked(machine, run, node, did, value)];
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} run
 * @param {number} variable
 * @param {number} position
 */
function stoodFor(machine, run, variable, position) {
  const text = clusterText(machine, variable, run.values[variable][position]);
  return text === null ? [] : [`${text}.`];
}

/**
 * @param {import("./executor.js").ProgramNode} node
 * @param {number} entry
 * @param {string[]} read
 * @param {string} value
 */
function lookedUp(node, entry, read, value) {
  const otherwise = node.places !== null && entry === node.cells.length - 1;
  return `It reads ${read.join(", ")}${otherwise ? ", which is not listed; otherwise" : "; that cell"} answers ${value}.`;
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} run
 * @param {import("./executor.js").ProgramNode} node
 * @param {number} position
 */
function asked(machine, run, node, position) {
  const many = node.alternatives.length * node.alternatives[0].length > 1;
  return node.alternatives.flatMap((clauses, alternative) =>
    clauses.map((clause) => {
      const query = run.values[clause.query][position];
      const keys = acceptedKeys(machine, clause, query);
      const which = many ? `${alternative > 0 ? "Or: " : ""}` : "";
      const row = `Row ${machine.variables[clause.query].name} = ${decoded(machine, clause.query, query)}`;
      const says = keys === null ? "is missing (nothing is visible from here)" : `accepts ${machine.variables[clause.key].name}: ${some(keys)}`;
      return `${which}${row} ${says}.`;
    }),
  );
}

const PICKED = { nearest: "the nearest", first: "the first", last: "the last", largest: "the one with the largest", smallest: "the one with the smallest" };

/**
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} run
 * @param {import("./executor.js").ProgramNode} node
 * @param {any} did
 * @param {string} value
 */
function looked(machine, run, node, did, value) {
  const copied = machine.variables[node.value].name;
  const where = did.selected.length === 1 ? `position ${did.selected[0]}` : `positions ${some(did.selected)}`;
  if (did.selected.length === 0) {
    const instead = node.kind === "numeric head" ? `so it is ${value}` : node.default === null ? `so it copies ${copied} at position 0: ${value}` : `so it is ${value}`;
    return [`It selects no position, ${instead}.`];
  }
  if (node.kind === "numeric head") {
    return [`It selects ${where}.`, `The ${node.mean ? "mean" : "sum"} of ${copied} there is ${value}.`];
  }
  const by = node.by === null ? "" : ` ${machine.variables[node.by].name}`;
  const why = did.selected.length === 1 ? "" : `, ${PICKED[node.attend]}${by}`;
  return [`It selects ${where}.`, `It attends to position ${did.from}${why}, and copies ${copied} there: ${value}.`];
}
