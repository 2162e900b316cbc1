// Right answers, as far as the page knows them: it holds all wrong inputs of a domain that was tried whole, and there
// what a program answers to any other input is right. And the nearest right input beside a wrong one.

import { execute } from "./executor.js";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * @typedef {{codes: number[], expected: (number | null)[]}} Wrong
 * @typedef {{machine: import("./executor.js").Machine, told: any, wrong: Map<string, Wrong>, listed: number[][] | null,
 *   tried: Set<string> | null, divided: Set<string>}} Knowledge
 *   `wrong` by codes; `listed`, the inputs that were tried where no rule tells them; `divided`, those that stand for several
 *   with different right answers.
 * @typedef {{expected: (string | null)[] | null}} Judgement
 */

/**
 * What is known of the inputs of a program.
 * @param {import("./executor.js").Machine} machine
 * @param {any} told
 */
export function knowledge(machine, told) {
  const pairs = typeof told.wrong === "string" ? unpacked(told.wrong) : told.wrong;
  const wrong = new Map(pairs.map(([codes, expected]) => [codes.join(), { codes, expected }]));
  const listed = told.listed === null ? null : told.listed.split(" ").map((word) => [...word].map((digit) => DIGITS.indexOf(digit)));
  const divided = new Set(told.divided.map((codes) => codes.join()));
  return { machine, told, wrong, divided, listed, tried: listed === null ? null : new Set(listed.map((codes) => codes.join())) };
}

/**
 * Wrong inputs and what is expected of them, as a page packs them: a digit a code, a dash where nothing is expected.
 * @param {string} text
 */
function unpacked(text) {
  const codesOf = (word) => [...word].map((digit) => (digit === "-" ? null : DIGITS.indexOf(digit)));
  return text === "" ? [] : text.split(" ").map((pair) => pair.split(":").map(codesOf));
}

/**
 * Whether an input is among those that were tried, so that it is right if it is not among the wrong ones.
 * @param {Knowledge} known
 * @param {number[]} codes
 */
function wasTried(known, codes) {
  if (known.tried !== null) return known.tried.has(codes.join());
  const { regular } = known.told;
  if (regular === null) return false;
  const inner = codes.slice(Number(known.machine.begins), codes.length - Number(known.machine.ends));
  return regular.least <= inner.length && inner.length <= regular.most && inner.every((code) => regular.symbols.includes(code));
}

/**
 * How an input is to be judged: "wrong", with the expected answers; "right"; "divided"; or "unknown".
 * @param {Knowledge} known
 * @param {number[]} codes
 * @returns {{state: "right" | "wrong" | "divided" | "unknown", expected: (string | null)[] | null}}
 */
export function judged(known, codes) {
  if (known.divided.has(codes.join())) return { state: "divided", expected: null };
  const found = known.wrong.get(codes.join());
  if (found !== undefined) {
    return { state: "wrong", expected: found.expected.map((code) => (code === null ? null : known.machine.classes[code])) };
  }
  if (known.told.complete && wasTried(known, codes)) return { state: "right", expected: null };
  return { state: "unknown", expected: null };
}

/**
 * The places at which an input is wrong: positions, or with several outputs as many places a position.
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} run
 * @param {Judgement} judgement
 */
export function wrongAt(machine, run, judgement) {
  if (judgement.expected === null) return [];
  const said = run.predictions;
  return judgement.expected.flatMap((right, at) => (right !== null && (said === null || machine.classes[said[at]] !== right) ? [at] : []));
}

const SEARCHED = 400_000;

/**
 * The right input nearest to a wrong one: of its length, else of the nearest, the one that differs in the fewest
 * positions, the first in order. Null if the page knows none.
 * @param {Knowledge} known
 * @param {number[]} codes
 */
export function nearestRight(known, codes) {
  if (!known.told.complete) return null;
  return known.listed !== null ? nearestListed(known, codes) : known.told.regular !== null ? nearestRegular(known, codes) : null;
}

/**
 * @param {Knowledge} known
 * @param {number[]} codes
 */
function nearestListed(known, codes) {
  let best = null;
  for (const other of known.listed ?? []) {
    if (known.wrong.has(other.join())) continue;
    const far = [Math.abs(other.length - codes.length), unlike(codes, other)];
    if (far[0] + far[1] > 0 && (best === null || far[0] < best.far[0] || (far[0] === best.far[0] && far[1] < best.far[1]))) best = { other, far };
  }
  return best === null ? null : best.other;
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function unlike(one, other) {
  let count = 0;
  for (let at = 0; at < Math.min(one.length, other.length); at++) if (one[at] !== other[at]) count++;
  return count;
}

/**
 * @param {Knowledge} known
 * @param {number[]} codes
 */
function nearestRegular(known, codes) {
  const { begins, ends } = known.machine;
  const first = Number(begins);
  const inner = codes.slice(first, codes.length - Number(ends));
  let left = SEARCHED;
  for (let changes = 1; changes <= inner.length && left > 0; changes++) {
    for (const made of changed(inner, changes, 0, known.told.regular.symbols)) {
      if (left-- <= 0) return null;
      const whole = [...codes.slice(0, first), ...made, ...codes.slice(codes.length - Number(ends))];
      if (!known.wrong.has(whole.join())) return whole;
    }
  }
  return null;
}

/**
 * All that differ from an input in exactly so many places from one place on, in the order of their codes.
 * @param {number[]} inner
 * @param {number} changes
 * @param {number} from
 * @param {number[]} symbols
 */
function* changed(inner, changes, from, symbols) {
  if (changes === 0) {
    yield inner;
    return;
  }
  if (inner.length - from < changes) return;
  for (const symbol of symbols) {
    const same = symbol === inner[from];
    const next = same ? inner : [...inner.slice(0, from), symbol, ...inner.slice(from + 1)];
    yield* changed(next, same ? changes : changes - 1, from + 1, symbols);
  }
}

/**
 * The first node at which a wrong run and a right one part beyond their tokens, and the positions; else where they part
 * at all. With several outputs it is one that an output which is wrong comes of.
 * @param {(string | null)[]} expected the right answers to the wrong one
 * @param {import("./executor.js").Machine} machine
 * @param {import("./executor.js").Run} one
 * @param {import("./executor.js").Run} other
 */
export function parting(machine, one, other, expected) {
  let first = { variable: -1, positions: /** @type {number[]} */ ([]) };
  const width = Math.min(one.codes.length, other.codes.length);
  const wrong = wrongAt(machine, one, { expected }).map((at) => machine.outputs[at % machine.outputs.length]);
  const asked = machine.outputs.length === 1 ? null : new Set(wrong.flatMap((output) => output.from));
  for (let variable = 3; variable < Math.max(one.values.length, other.values.length); variable++) {
    if (asked !== null && !asked.has(variable)) continue;
    const [ours, theirs] = [one.values[variable], other.values[variable]];
    const differ = [];
    for (let at = 0; at < width; at++) if ((ours && ours[at]) !== (theirs && theirs[at])) differ.push(at);
    const beyond = differ.filter((at) => one.codes[at] === other.codes[at]);
    if (beyond.length > 0) return { variable, positions: beyond };
    if (differ.length > 0 && first.variable === -1) first = { variable, positions: differ };
  }
  return first;
}

/** Wrong inputs that are grouped at once; to execute them takes a tenth of a second or two. */
export const BUCKETED = 1_000;

/**
 * The wrong inputs in buckets, the fullest first: by the first wrong answer and what is expected there, or by the node in
 * which each parts from the nearest right input.
 * @param {"answer" | "node"} way
 * @param {Knowledge} known
 * @param {number} [most]
 */
export function bucketsOf(known, way, most = BUCKETED) {
  const found = new Map();
  for (const { codes, expected } of [...known.wrong.values()].slice(0, most)) {
    const name = way === "node" ? partsAt(known, codes, expected) : answered(known, codes, expected);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(codes);
  }
  return [...found].map(([name, inputs]) => ({ name, inputs })).sort((one, other) => other.inputs.length - one.inputs.length);
}

/**
 * @param {Knowledge} known
 * @param {number[]} codes
 * @param {(number | null)[]} expected
 */
function partsAt(known, codes, expected) {
  const { machine } = known;
  const other = nearestRight(known, codes);
  if (other === null) return `no nearest right ${known.told.noun} is known`;
  const right = expected.map((code) => (code === null ? null : machine.classes[code]));
  const { variable } = parting(machine, execute(machine, codes), execute(machine, other), right);
  return variable === -1 ? "in no node" : machine.variables[variable].name;
}

/**
 * @param {Knowledge} known
 * @param {number[]} codes
 * @param {(number | null)[]} expected
 */
function answered(known, codes, expected) {
  const { machine } = known;
  const run = execute(machine, codes);
  if (run.hole !== null) return `a hole at ${run.hole.table}`;
  const predictions = /** @type {number[]} */ (run.predictions);
  const at = expected.findIndex((right, place) => right !== null && right !== predictions[place]);
  if (at === -1) return "not wrong";
  const output = machine.outputs.length > 1 ? `${machine.outputs[at % machine.outputs.length].name}: ` : "";
  return `${output}${machine.classes[predictions[at]] ?? "no answer"} instead of ${machine.classes[/** @type {number} */ (expected[at])]}`;
}
