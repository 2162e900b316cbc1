// Inputs as a person types them: as `tprog.text.tokens.parse_input` and `tprog.primitives.check` have it.

/** What a person typed is no input of the program; the message says where, and what was expected. */
export class BadInput extends Error {}

const MARK = /(<s>|<\/s>|<unk>)/;

/**
 * Whether a symbol that is no mark has several characters, so that symbols run together could not be told apart.
 * @param {string[]} vocabulary
 */
export function isSpaced(vocabulary) {
  return vocabulary.some((word) => [...word].length > 1 && !new RegExp(`^${MARK.source}$`).test(word));
}

/**
 * The tokens that a text means, marks included.
 * @param {import("./executor.js").Machine} machine
 * @param {string} text
 */
export function parseInput(machine, text) {
  let tokens = listed(machine, text) ?? split(machine, text);
  if (machine.begins && tokens[0] !== "<s>") tokens = ["<s>", ...tokens];
  if (machine.ends && tokens[tokens.length - 1] !== "</s>") tokens = [...tokens, "</s>"];
  return tokens;
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {string} text
 */
function listed(machine, text) {
  if (!text.trimStart().startsWith("[")) return null;
  let reason;
  try {
    const found = JSON.parse(text);
    const wrong = found.findIndex((token) => typeof token !== "string");
    if (wrong === -1) return found;
    reason = `item ${wrong} is ${JSON.stringify(found[wrong])}; expected strings in double quotes`;
  } catch (error) {
    reason = String(/** @type {any} */ (error).message);
  }
  if (machine.vocabulary.some((word) => word.startsWith("["))) return null;
  throw new BadInput(`this is not a JSON list of tokens: ${reason}`);
}

/**
 * @param {import("./executor.js").Machine} machine
 * @param {string} text
 */
function split(machine, text) {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length !== 1 || machine.vocabulary.includes(words[0])) return words;
  const pieces = words[0].split(MARK).filter(Boolean);
  return isSpaced(machine.vocabulary) ? pieces : pieces.flatMap((piece) => (MARK.test(piece) ? [piece] : [...piece]));
}

/**
 * Tokens as one types them, without the marks at their ends: as a JSON list where plain text would mean others.
 * @param {import("./executor.js").Machine} machine
 * @param {number[]} codes
 */
export function typedText(machine, codes) {
  const inner = codes.slice(Number(machine.begins), codes.length - Number(machine.ends)).map((code) => machine.vocabulary[code]);
  const plain = inner.join(isSpaced(machine.vocabulary) ? " " : "");
  return meant(machine, plain, codes) ? plain : JSON.stringify(inner);
}

/**
 * Whether a text means these tokens.
 * @param {import("./executor.js").Machine} machine
 * @param {string} text
 * @param {number[]} codes
 */
function meant(machine, text, codes) {
  try {
    const tokens = parseInput(machine, text);
    return tokens.length === codes.length && tokens.every((token, at) => token === machine.vocabulary[codes[at]]);
  } catch (error) {
    if (error instanceof BadInput) return false;
    throw error;
  }
}

const LISTED = 20;

/**
 * The codes of the tokens of a whole input.
 * @param {import("./executor.js").Machine} machine
 * @param {string[]} tokens
 * @returns {number[]}
 * @throws {BadInput} the program cannot take it
 */
export function encode(machine, tokens) {
  const places = (machine.places ??= new Map(machine.vocabulary.map((word, at) => [word, at])));
  const marks = Number(machine.begins) + Number(machine.ends);
  const most = machine.max_length - marks;
  if (tokens.length <= marks) throw new BadInput(`the input is empty; expected 1 to ${most} symbols`);
  if (tokens.length > machine.max_length) {
    throw new BadInput(`the input has ${tokens.length - marks} symbols; expected at most ${most}`);
  }
  const unknown = machine.unknown_rule === "unk" ? places.get("<unk>") : undefined;
  return tokens.map((token, at) => {
    const mark = at === 0 && machine.begins ? "<s>" : at === tokens.length - 1 && machine.ends ? "</s>" : null;
    const code = places.get(token) ?? unknown;
    const fits = mark === null ? code !== undefined && !isMark(token) : token === mark;
    if (fits) return /** @type {number} */ (code);
    const allowed = mark === null ? machine.vocabulary.filter((word) => !isMark(word)) : [mark];
    const shown = allowed.slice(0, LISTED).map((word) => JSON.stringify(word)).join(", ");
    const more = allowed.length > LISTED ? `, ... (${allowed.length - LISTED} more)` : "";
    throw new BadInput(`token ${at} is ${JSON.stringify(token)}; expected ${allowed.length > 1 ? "one of " : ""}${shown}${more}`);
  });
}

/**
 * Whether a token is one of the marks around an input, and so no symbol.
 * @param {string} token
 */
function isMark(token) {
  return token === "<s>" || token === "</s>";
}
