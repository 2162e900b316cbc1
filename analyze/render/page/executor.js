// A Program executed on one input, equal to `tprog.run.execute` on every input. It reads the tables of
// `tprog.run.coded`: symbols are codes, numbers are numerators. Where `big` says so, numbers are BigInt, and where it
// does not, no whole number that is met leaves what a float holds exactly; so the same operators serve both.

/**
 * @typedef {any} Num  a number, or a BigInt where the program is `big`
 * @typedef {{symbols?: any, denominator?: any, unit?: any, most?: any}} Domain
 *   Symbols by their codes; or numbers, as numerators over a denominator; or quotients by counts up to `most`.
 * @typedef {{table: string, query: number, key: number, rows: number[], sets: number[][], keys: Uint8Array[],
 *   accepted: Uint8Array[]}} Clause
 *   `keys` holds each set of keys as an array in which accepted key codes are 1; `accepted`, that of each query.
 * @typedef {{variable: number, size: number, starts: Num[] | null, levels?: string[]}} Axis
 *   An input of a lookup: its variable, and where it is a number the least of each level.
 * @typedef {Record<string, any> & {kind: string, partial?: boolean, alone?: any, value?: any, alternatives?: any,
 *   table?: any, axes?: any, cells?: any, places?: any, terms?: any}} ProgramNode
 *   A node as `tprog.run.coded` has it, with what `prepare` added: `partial`, whether a row may be missing; `alone`,
 *   the one clause of a head that has no other; `places`, the combinations that a lookup lists.
 * @typedef {{vocabulary: string[], classes: string[], max_length: number, self_rule: string, unknown_rule: string,
 *   begins: boolean, ends: boolean, big: boolean, domains: Domain[], outputs: any[], nodes: ProgramNode[], readout: any,
 *   variables: {name: string, kind: string, domain: number}[], number: (value: any) => Num,
 *   places?: Map<string, number>}} Machine
 *   A program that `prepare` has made ready.
 * @typedef {{table: string, variable: number, position: number, asked: number[]}} Hole
 *   A missing row: of which table, at which position, and the variables whose values picked it. `variable` is that of
 *   the node, or -1 for the readout.
 * @typedef {{codes: number[], values: Num[][], hole: Hole | null, predictions: number[] | null, totals: Num[][] | null}} Run
 *   `values` is [variable][position], up to the first hole; `predictions` is one code of a class a position, or with
 *   several outputs as many side by side, -1 where the output is forced; one alone if the program is pooled; null at a hole. `totals` is [position][class] logits,
 *   summed over the positions if pooled.
 */

const FORCED = -1;

/**
 * A program ready to be executed.
 * @param {any} coded what `tprog.run.coded` made
 */
export function prepare(coded) {
  const number = coded.big ? BigInt : Number;
  const domains = coded.domains.map((domain) => (domain.symbols === null ? { ...domain, symbols: coded.vocabulary } : domain));
  const nodes = coded.nodes.map((node, at) => prepareNode(node, coded.variables[at + 3], coded, number));
  const outputs = coded.outputs.map((output) => {
    if (output.variable === null) return output;
    return { ...output, outcomes: new Map(output.codes.map((code, at) => [String(code), output.outcomes[at]])) };
  });
  if (coded.readout === null) return { ...coded, number, domains, nodes, outputs };
  const terms = coded.readout.terms.map((term) => ({
    ...term,
    rows: term.rows.map((row) => (row === null ? null : row.map(number))),
    partial: term.rows.includes(null),
  }));
  const readout = { ...coded.readout, terms, forced: new Set(coded.readout.forced) };
  return { ...coded, number, domains, nodes, outputs, readout };
}

/**
 * @param {any} node
 * @param {{kind: string, domain: number}} variable
 * @param {any} coded
 * @param {(value: any) => Num} number
 */
function prepareNode(node, variable, coded, number) {
  const made = { ...node, kind: variable.kind };
  const symbolic = "symbols" in coded.domains[variable.domain];
  const value = (cell) => (cell === null || symbolic ? cell : number(cell));
  switch (variable.kind) {
    case "embedding":
      return { ...made, table: node.table.map(value) };
    case "head":
    case "numeric head":
      made.alternatives = node.alternatives.map((clauses) => clauses.map(prepareClause));
      made.partial = made.alternatives.some((clauses) => clauses.some((clause) => clause.rows.includes(-1)));
      made.alone = made.alternatives.length === 1 && made.alternatives[0].length === 1 ? made.alternatives[0][0] : null;
      if (node.mean) Object.assign(made, { over: number(node.over), default: number(node.default) });
      return made;
    case "lookup":
      made.axes = node.axes.map((axis) => ({ ...axis, starts: "starts" in axis ? axis.starts.map(number) : null }));
      made.cells = node.cells.map(value);
      made.asked = node.axes.map((axis) => axis.variable);
      made.places = node.listed === null ? null : new Map(node.listed.map((places, at) => [places.join(), at]));
      return made;
    case "linear":
      made.terms = node.terms.map((term) => ({ ...term, share: number(term.share) }));
      made.constant = number(node.constant);
      return made;
  }
  throw new Error(`no such kind of node: ${variable.kind}`);
}

/**
 * @param {any} clause
 * @returns {Clause}
 */
function prepareClause(clause) {
  const keys = clause.sets.map(membership);
  return { ...clause, keys, accepted: clause.rows.map((row) => (row === -1 ? NO_KEYS : keys[row])) };
}

const NO_KEYS = new Uint8Array(0);

/**
 * Key codes as an array in which those that are accepted are 1; behind its end none is.
 * @param {number[]} accepted
 */
function membership(accepted) {
  const found = new Uint8Array(Math.max(-1, ...accepted) + 1);
  for (const key of accepted) found[key] = 1;
  return found;
}

// Arithmetic ///////////////////////////////////////////////////////////////////////////////////////////////////////////

/**
 * Division rounded down, and what is left: as Python has it, also below 0.
 * @param {Num} whole
 * @param {Num} by
 */
function divided(whole, by) {
  let rest = whole % by;
  if (rest < 0) rest += by;
  return [(whole - rest) / by, rest];
}

/**
 * The code of whole / (unit count) among quotients by counts up to `most`.
 * @param {Num} whole
 * @param {Num} count
 * @param {Num} most
 */
function quotientCode(whole, count, most) {
  const square = most * most;
  const [over, rest] = divided(whole, count);
  return over * square + divided(rest * square, count)[0];
}

/**
 * A number as a whole and a count: it is whole / (unit count).
 * @param {Num} code
 * @param {Domain} domain
 * @param {(value: any) => Num} number
 */
export function fraction(code, domain, number) {
  const one = number(1);
  if (!("most" in domain)) return [code, one];
  const square = number(domain.most) ** number(2);
  const [over, rest] = divided(code, square);
  for (let count = one; count <= domain.most; count += one) {
    const [under, left] = divided(rest * count, square);
    const whole = left === number(0) ? under : under + one;
    if (whole * square < (rest + one) * count) return [over * count + whole, count];
  }
  throw new Error(`no quotient has the code ${code}`);
}

// Nodes ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

/**
 * The positions that a head may attend to, as the first and the one behind the last.
 * @param {ProgramNode} node
 * @param {number} position
 * @param {number} n
 */
function window_(node, position, n) {
  let first = node.mask === "after" ? position + 1 : 0;
  if (node.skip_first && first < 1) first = 1;
  const behind = node.mask === "before" ? position : node.mask === "causal" ? position + 1 : n;
  return [first, behind];
}

/**
 * The positions that a head selects from one position, from left to right.
 * @param {ProgramNode} node
 * @param {Num[][]} values
 * @param {number} position
 * @param {number} n
 */
function matches(node, values, position, n) {
  const [first, behind] = window_(node, position, n);
  const found = [];
  if (node.alone !== null) {
    const keys = values[node.alone.key];
    const accepted = node.alone.accepted[values[node.alone.query][position]];
    for (let at = first; at < behind; at++) if (accepted[keys[at]] === 1) found.push(at);
    return found;
  }
  for (let at = first; at < behind; at++) if (selects(node, values, position, at)) found.push(at);
  return found;
}

/**
 * @param {ProgramNode} node
 * @param {Num[][]} values
 * @param {number} position
 * @param {number} at
 */
function selects(node, values, position, at) {
  for (const clauses of node.alternatives) {
    let all = true;
    for (const clause of clauses) {
      if (clause.accepted[values[clause.query][position]][values[clause.key][at]] !== 1) {
        all = false;
        break;
      }
    }
    if (all) return true;
  }
  return false;
}

/**
 * Of the positions that a head selects, the one that it copies from; -1 if there is none.
 * @param {ProgramNode} node
 * @param {Num[][]} values
 * @param {number} position
 * @param {number[]} found
 * @param {string} selfRule
 */
function attended(node, values, position, found, selfRule) {
  if (found.length === 0) return -1;
  if (node.attend === "first") return found[0];
  if (node.attend === "last") return found[found.length - 1];
  const among = node.by === null ? found : bestBy(found, values[node.by], node.attend === "largest");
  const matchCount = node.attend === "nearest" && selfRule === "match-count";
  let best = -1;
  let least = Infinity;
  for (const at of among) {
    let far = 2 * Math.abs(position - at) + (at > position ? 1 : 0);
    if (at === position && node.attend === "nearest") far = matchCount ? 2 * found.length : Infinity;
    else if (matchCount) far = 2 * Math.abs(position - at);
    if (best === -1 || far < least) [best, least] = [at, far];
  }
  return best;
}

/**
 * @param {number[]} found
 * @param {Num[]} by
 * @param {boolean} largest
 */
function bestBy(found, by, largest) {
  let best = by[found[0]];
  for (const at of found) if (largest ? by[at] > best : by[at] < best) best = by[at];
  return found.filter((at) => by[at] === best);
}

/**
 * Every clause is consulted where a head sees any position, so a missing row is a hole whatever the others say.
 * @param {ProgramNode} node
 * @param {number} variable
 * @param {Num[][]} values
 * @param {number} n
 */
function holeOfHead(node, variable, values, n) {
  for (const clauses of node.alternatives) {
    for (const clause of clauses) {
      for (let at = 0; at < n; at++) {
        const [first, behind] = window_(node, at, n);
        if (first < behind && clause.rows[values[clause.query][at]] === -1) {
          return { table: clause.table, variable, position: at, asked: [clause.query] };
        }
      }
    }
  }
  return null;
}

/**
 * The place of a value, or of the level that a number reads as, along one axis of a lookup.
 * @param {Axis} axis
 * @param {Num} value
 */
function placeOf(axis, value) {
  if (axis.starts === null) return value;
  let place = 0;
  while (place + 1 < axis.starts.length && axis.starts[place + 1] <= value) place++;
  return place;
}

/**
 * Which entry of a lookup is picked at a position.
 * @param {ProgramNode} node
 * @param {Num[][]} values
 * @param {number} position
 */
export function cellAt(node, values, position) {
  if (node.places !== null) {
    const places = node.axes.map((axis) => placeOf(axis, values[axis.variable][position]));
    return node.places.get(places.join()) ?? node.cells.length - 1;
  }
  let flat = 0;
  for (const axis of node.axes) flat = flat * axis.size + placeOf(axis, values[axis.variable][position]);
  return flat;
}

/**
 * The nearest position that a predicate alone selects, itself last; -1 if there is none. So most heads attend.
 * @param {ProgramNode} node
 * @param {Uint8Array} accepted
 * @param {number[]} keys
 * @param {number} position
 * @param {number} n
 */
function nearest(node, accepted, keys, position, n) {
  const [first, behind] = window_(node, position, n);
  const most = Math.max(position - first, behind - 1 - position);
  for (let far = 1; far <= most; far++) {
    const left = position - far;
    if (left >= first && left < behind && accepted[keys[left]] === 1) return left;
    const right = position + far;
    if (right < behind && right >= first && accepted[keys[right]] === 1) return right;
  }
  return position >= first && position < behind && accepted[keys[position]] === 1 ? position : -1;
}

/**
 * @param {ProgramNode} node
 * @param {Num[][]} values
 * @param {number} n
 */
function nearestColumn(node, values, n) {
  const [copied, keys, queries] = [values[node.value], values[node.alone.key], values[node.alone.query]];
  const column = new Array(n);
  for (let at = 0; at < n; at++) {
    const from = nearest(node, node.alone.accepted[queries[at]], keys, at, n);
    column[at] = from !== -1 ? copied[from] : node.default === null ? copied[0] : node.default;
  }
  return column;
}

/**
 * @param {ProgramNode} node
 * @param {Machine} machine
 * @param {Num[][]} values
 * @param {number} n
 */
function headColumn(node, machine, values, n) {
  if (node.alone !== null && node.attend === "nearest" && machine.self_rule === "last") return nearestColumn(node, values, n);
  const copied = values[node.value];
  const column = new Array(n);
  for (let at = 0; at < n; at++) {
    const from = attended(node, values, at, matches(node, values, at, n), machine.self_rule);
    column[at] = from !== -1 ? copied[from] : node.default === null ? copied[0] : node.default;
  }
  return column;
}

/**
 * @param {ProgramNode} node
 * @param {Machine} machine
 * @param {Num[][]} values
 * @param {number} n
 * @param {Domain} domain
 */
function numericColumn(node, machine, values, n, domain) {
  const added = values[node.value];
  const column = new Array(n);
  for (let at = 0; at < n; at++) {
    const found = matches(node, values, at, n);
    let sum = machine.number(0);
    for (const from of found) sum += added[from];
    column[at] = node.mean ? mean(node, machine, sum, found.length, domain) : sum;
  }
  return column;
}

/**
 * @param {ProgramNode} node
 * @param {Machine} machine
 * @param {Num} sum
 * @param {number} many
 * @param {Domain} domain
 */
function mean(node, machine, sum, many, domain) {
  if (many === 0) return node.default;
  const count = machine.number(many);
  if ("most" in domain) return quotientCode(sum * node.over, count, machine.number(domain.most));
  return (sum * node.over) / count; // exact: the denominator of the domain is a multiple of every count
}

/**
 * @param {ProgramNode} node
 * @param {Machine} machine
 * @param {Num[][]} values
 * @param {number} n
 * @param {Domain} domain
 */
function linearColumn(node, machine, values, n, domain) {
  const column = new Array(n);
  for (let at = 0; at < n; at++) {
    let whole = node.constant;
    let count = machine.number(1);
    for (const term of node.terms) {
      const read = machine.domains[machine.variables[term.variable].domain];
      const [number, by] = fraction(values[term.variable][at], read, machine.number);
      whole = whole * by + number * term.share * count;
      count *= by;
    }
    column[at] = "most" in domain ? quotientCode(whole, count, machine.number(domain.most)) : whole;
  }
  return column;
}

/**
 * A column of a table, and where it first reaches a missing entry.
 * @param {(Num | null)[]} cells
 * @param {number[]} picks
 * @param {{table: string, variable: number, asked: number[]}} hole
 */
function tableColumn(cells, picks, hole) {
  const column = new Array(picks.length);
  for (let at = 0; at < picks.length; at++) {
    column[at] = cells[picks[at]];
    if (column[at] === null) return { column: null, hole: { ...hole, position: at } };
  }
  return { column, hole: null };
}

/**
 * @param {ProgramNode} node
 * @param {number} variable
 * @param {Machine} machine
 * @param {Num[][]} values
 * @param {number} n
 */
function nodeColumn(node, variable, machine, values, n) {
  const domain = machine.domains[machine.variables[variable].domain];
  const table = machine.variables[variable].name;
  switch (node.kind) {
    case "embedding":
      return tableColumn(node.table, values[0], { table, variable, asked: [0] });
    case "lookup": {
      const picks = new Array(n);
      for (let at = 0; at < n; at++) picks[at] = cellAt(node, values, at);
      return tableColumn(node.cells, picks, { table, variable, asked: node.asked });
    }
    case "linear":
      return { column: linearColumn(node, machine, values, n, domain), hole: null };
  }
  const hole = node.partial ? holeOfHead(node, variable, values, n) : null;
  if (hole !== null) return { column: null, hole };
  const column = node.kind === "head" ? headColumn(node, machine, values, n) : numericColumn(node, machine, values, n, domain);
  return { column, hole: null };
}

// A program ////////////////////////////////////////////////////////////////////////////////////////////////////////////

/**
 * All that a program computes on one input.
 * @param {number[]} codes the tokens, marks included, as places in the vocabulary
 * @param {Machine} machine
 * @returns {Run}
 */
export function execute(machine, codes) {
  const n = codes.length;
  const one = machine.number(1);
  const values = [codes, codes.map((_, at) => at), codes.map(() => one)];
  for (let which = 0; which < machine.nodes.length; which++) {
    const { column, hole } = nodeColumn(machine.nodes[which], which + 3, machine, values, n);
    if (hole !== null) return { codes, values, hole, predictions: null, totals: null };
    values.push(column);
  }
  const read = readOut(machine, codes, values);
  if (read.hole !== null) return { codes, values, hole: read.hole, predictions: null, totals: null };
  if (read.pooled) return { codes, values, hole: null, predictions: read.predictions, totals: read.totals };
  const predictions = [];
  for (let at = 0; at < n; at++) {
    for (const output of machine.outputs) {
      if (output.variable === null) predictions.push(read.predictions[at]);
      else predictions.push(output.outcomes.get(String(values[output.variable][at])));
    }
  }
  return { codes, values, hole: null, predictions, totals: read.totals };
}

/**
 * What the readout makes of the variables: nothing, where a program has none.
 * @param {Machine} machine
 * @param {number[]} codes
 * @param {Num[][]} values
 * @returns {{hole: Hole | null, pooled: boolean, predictions: any, totals: Num[][] | null}}
 */
function readOut(machine, codes, values) {
  if (machine.readout === null) return { hole: null, pooled: false, predictions: null, totals: null };
  const { terms, pooled, forced, everywhere } = machine.readout;
  const read = codes.map((code) => pooled || !forced.has(code));
  for (const { variable, number, rows, partial } of terms) {
    if (!partial) continue;
    for (let at = 0; at < codes.length; at++) {
      if ((everywhere || read[at]) && rows[number ? 0 : values[variable][at]] === null) {
        const hole = { table: "readout", variable: -1, position: at, asked: [variable] };
        return { hole, pooled, predictions: null, totals: null };
      }
    }
  }
  const totals = codes.map((_, at) => logits(machine, values, at));
  if (!pooled) return { hole: null, pooled, predictions: totals.map((row, at) => (read[at] ? largestAt(row) : FORCED)), totals };
  const sums = Array.from({ length: machine.readout.classes }, (_, which) => totals.reduce((sum, row) => sum + row[which], machine.number(0)));
  return { hole: null, pooled, predictions: [largestAt(sums)], totals: [sums] };
}

/**
 * @param {Machine} machine
 * @param {Num[][]} values
 * @param {number} at
 */
function logits(machine, values, at) {
  const width = machine.readout.classes;
  const sums = new Array(width).fill(machine.number(0));
  for (const term of machine.readout.terms) {
    const value = values[term.variable][at];
    const row = term.rows[term.number ? 0 : value];
    if (row === null) continue;
    if (term.number) for (let which = 0; which < width; which++) sums[which] += row[which] * value;
    else for (let which = 0; which < width; which++) sums[which] += row[which];
  }
  return sums;
}

/**
 * The place of the largest; of several, the first.
 * @param {Num[]} row
 */
function largestAt(row) {
  let best = 0;
  for (let at = 1; at < row.length; at++) if (row[at] > row[best]) best = at;
  return best;
}

// What a node did //////////////////////////////////////////////////////////////////////////////////////////////////////

/**
 * What a node did at one position: the positions that it selects and the one that it copies from (-1: none), the rows
 * of its predicates that answered, or the entry of its table.
 * @param {Run} run
 * @param {Machine} machine
 * @param {number} variable
 * @param {number} position
 */
export function fired(machine, run, variable, position) {
  const node = machine.nodes[variable - 3];
  const { values } = run;
  switch (node.kind) {
    case "embedding":
      return { kind: node.kind, entry: values[0][position] };
    case "lookup":
      return { kind: node.kind, entry: cellAt(node, values, position) };
    case "linear":
      return { kind: node.kind, terms: node.terms.map((term) => ({ ...term, value: values[term.variable][position] })) };
  }
  const found = matches(node, values, position, run.codes.length);
  const from = node.kind === "head" ? attended(node, values, position, found, machine.self_rule) : -1;
  const rows = node.alternatives.map((clauses) => clauses.map((clause) => values[clause.query][position]));
  return { kind: node.kind, selected: found, from, rows };
}

// A loop ///////////////////////////////////////////////////////////////////////////////////////////////////////////////

/**
 * What the last output makes of the input: the tokens with it appended, or why the loop ends.
 * @param {Machine} machine
 * @param {number[]} codes
 * @param {string | null} stop
 * @returns {{codes: number[], ended: null} | {codes: number[], ended: "stop" | "length" | "hole" | "no token"}}
 */
export function loopStep(machine, codes, stop) {
  const run = execute(machine, codes);
  if (run.hole !== null) return { codes, ended: "hole" };
  const last = codes.length - 1;
  const code = (/** @type {number[]} */ (run.predictions))[last];
  const said = code === FORCED ? machine.vocabulary[codes[last]] : machine.classes[code];
  if (said === stop) return { codes, ended: "stop" };
  if (codes.length === machine.max_length) return { codes, ended: "length" };
  const next = machine.vocabulary.indexOf(said);
  const isMark = said === "<s>" || said === "</s>";
  return next === -1 || isMark ? { codes, ended: "no token" } : { codes: [...codes, next], ended: null };
}
