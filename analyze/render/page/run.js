// "Run it": an input, each variable as a row of chips, what the node under the cursor did, and the nearest right input.

import { execute, fired, loopStep } from "./executor.js";
import { byId, html, short, svg } from "./dom.js";
import { BadInput, encode, parseInput, typedText } from "./inputs.js";
import { BUCKETED, bucketsOf, judged, nearestRight, parting, wrongAt } from "./known.js";
import { clusterText, counted, decoded, told } from "./words.js";

/** The part of the page that executes the program. */
export class RunView {
  /**
   * @param {import("./main.js").App} app
   */
  constructor(app) {
    this.app = app;
    this.machine = app.machine;
    this.cursor = { variable: 3, position: Number(this.machine.begins) };
    /** @type {number[][]} the inputs before each step of a loop */
    this.history = [];
    /** @type {any} the run that is shown */
    this.run = null;
    /** @type {any} how it is judged, and beside it the run of the nearest right input and where the two part */
    this.judgement = this.contrast = this.parting = null;
    /** @type {any} what arcs are drawn on */
    this.canvas = null;
    byId("run-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.typed(byId("run-input").value);
    });
    byId("step-back").addEventListener("click", () => this.step(-1));
    byId("step-on").addEventListener("click", () => this.step(1));
    byId("loop-on").addEventListener("click", () => this.loopOn());
    byId("loop-back").addEventListener("click", () => this.loopBack());
    byId("loop").hidden = app.data.loop === null;
    this.showBuckets();
  }

  /**
   * @param {string} text
   */
  typed(text) {
    try {
      this.history = [];
      this.open(encode(this.machine, parseInput(this.machine, text)));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      byId("run-error").textContent = error.message;
    }
  }

  /**
   * Execute an input and show it.
   * @param {number[]} codes
   * @param {string | null} [ended]
   */
  open(codes, ended = null) {
    byId("run-error").textContent = "";
    byId("run-input").value = typedText(this.machine, codes);
    this.run = execute(this.machine, codes);
    this.judgement = judged(this.app.known, codes);
    const contrast = this.judgement.state === "wrong" ? nearestRight(this.app.known, codes) : null;
    this.contrast = contrast === null ? null : execute(this.machine, contrast);
    this.parting = this.contrast === null ? null : parting(this.machine, this.run, this.contrast, this.judgement.expected);
    if (this.parting !== null && this.parting.variable >= 0) {
      this.cursor = { variable: this.parting.variable, position: this.parting.positions[0] };
    }
    this.cursor.position = Math.min(this.cursor.position, Math.max(0, codes.length - 1));
    this.cursor.variable = Math.min(this.cursor.variable, this.last());
    byId("loop-said").textContent = ended === null ? "" : ended;
    this.draw();
  }

  // The loop ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  loopOn() {
    const { codes, ended } = loopStep(this.machine, this.run.codes, this.app.data.loop.stop);
    const said = { stop: "the stop class came", length: "no longer input fits", hole: "a hole was reached", "no token": "the answer is no token" };
    if (ended !== null) byId("loop-said").textContent = `The loop ends: ${said[ended]}.`;
    else {
      this.history.push(this.run.codes);
      this.open(codes, `Step ${this.history.length}.`);
    }
  }

  loopBack() {
    const before = this.history.pop();
    if (before !== undefined) this.open(before, `Step ${this.history.length}.`);
  }

  // The table //////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** The last variable that has values: a hole ends them. */
  last() {
    return this.run.values.length - 1;
  }

  draw() {
    const { run, machine } = this;
    const n = run.codes.length;
    const wrong = wrongAt(machine, run, this.judgement);
    const words = {
      right: "right at every graded position",
      wrong: "wrong",
      divided: "several are read like it, and their right answers differ, so the program is right for some of them at most",
      unknown: "no right answer is known here",
    };
    const hole = run.hole === null ? "" : ` It reaches a hole at ${run.hole.table}, position ${run.hole.position}: a missing row, so there is no prediction.`;
    byId("run-verdict").textContent = `${this.app.data.judges ? `This ${this.app.known.told.noun}: ${words[this.judgement.state]}.` : ""}${hole}`;
    byId("run-verdict").className = `verdict ${this.judgement.state}`;
    const head = html("tr", {}, html("th", { scope: "col" }, "position"), ...run.codes.map((_, at) => html("th", { scope: "col" }, at)));
    const rows = machine.variables.map((_, variable) => this.row(variable, n));
    const body = html("tbody", {}, rows[0], ...this.answerRows(wrong, n), ...rows.slice(1));
    const table = html("table", { class: "chips", role: "grid", "aria-label": "each variable at each position", keydown: (event) => this.key(event) }, html("thead", {}, head), body);
    byId("run-table").replaceChildren(this.arcs(), table);
    this.contrastNote();
    this.mark(false);
  }

  /**
   * @param {number} variable
   * @param {number} n
   */
  row(variable, n) {
    const { name, kind } = this.machine.variables[variable];
    const parted = this.parting !== null && this.parting.variable === variable;
    const label = html("th", { scope: "row" }, parted ? html("span", { class: "parts", title: "the first node in which the two part" }, "> ") : null,
      html("button", { class: "link", title: this.app.graphNode(variable).reading, click: () => this.app.openNode(variable) }, short(name)));
    const values = this.run.values[variable];
    const cells = Array.from({ length: n }, (_, at) => this.cell(variable, at, values === undefined ? null : values[at]));
    return html("tr", { "data-variable": variable, class: variable === 0 ? "input tokens" : kind.replace(" ", "-") }, label, ...cells);
  }

  /**
   * @param {number} variable
   * @param {number} at
   * @param {import("./executor.js").Num | null} code
   */
  cell(variable, at, code) {
    const chip = code === null ? "" : decoded(this.machine, variable, code);
    const other = this.contrast === null ? undefined : this.contrast.values[variable];
    const unlike = other !== undefined && at < other.length && other[at] !== code;
    const beside = unlike ? html("span", { class: "beside" }, "right: ", short(decoded(this.machine, variable, other[at]), 10)) : null;
    const title = code === null ? null : clusterText(this.machine, variable, code);
    return html("td", { role: "gridcell", tabindex: -1, "data-at": at, class: unlike ? "unlike" : null, title, click: () => this.moveTo(variable, at), focus: () => this.moveTo(variable, at, false) },
      html("span", { class: "chip" }, short(chip, 12)), beside);
  }

  /**
   * For each output what is answered, and what is expected where that is known.
   * @param {number[]} wrong
   * @param {number} n
   */
  answerRows(wrong, n) {
    return this.machine.outputs.flatMap((output, which) => [this.answerRow(output, which, wrong, n), this.expectedRow(output, which, wrong, n)]);
  }

  /**
   * The places of one output among those of all.
   * @param {any[]} all
   * @param {number} which
   */
  placesOf(all, which) {
    const each = this.machine.outputs.length;
    return all.map((value, place) => ({ value, place })).filter(({ place }) => place % each === which);
  }

  /**
   * @param {any} output
   * @param {number} which
   * @param {number[]} wrong
   * @param {number} n
   */
  answerRow(output, which, wrong, n) {
    const { run, machine } = this;
    const pooled = machine.readout !== null && machine.readout.pooled;
    const say = ({ value, place }) => html("td", { class: wrong.includes(place) ? "wrong" : null, colspan: pooled ? n : null },
      value === -1 ? "" : html("span", { class: "chip answer" }, wrong.includes(place) ? "✗ " : "", short(machine.classes[value], 12)));
    const cells = run.predictions === null ? [html("td", { colspan: n }, "none: a hole")] : this.placesOf(run.predictions, which).map(say);
    return html("tr", { class: "answers" }, html("th", { scope: "row" }, this.named("answer", output)), ...cells);
  }

  /**
   * @param {string} what
   * @param {any} output
   */
  named(what, output) {
    return this.machine.outputs.length > 1 ? short(`${what}: ${output.name}`) : what;
  }

  /**
   * @param {any} output
   * @param {number} which
   * @param {number[]} wrong
   * @param {number} n
   */
  expectedRow(output, which, wrong, n) {
    const { expected } = this.judgement;
    if (expected === null) return null;
    const pooled = this.machine.readout !== null && this.machine.readout.pooled;
    const cells = this.placesOf(expected, which).map(({ value, place }) =>
      html("td", { colspan: pooled ? n : null }, value === null ? "" : html("span", { class: wrong.includes(place) ? "chip expected" : "chip" }, short(value, 12))));
    return html("tr", { class: "answers" }, html("th", { scope: "row" }, this.named("expected", output)), ...cells);
  }

  contrastNote() {
    const note = byId("run-contrast");
    if (this.contrast === null) return note.replaceChildren();
    const { variable, positions } = this.parting;
    const where = variable === -1 ? "No node tells them apart." : `They part first at ${this.machine.variables[variable].name}, position${positions.length > 1 ? "s" : ""} ${positions.join(", ")} (marked >).`;
    const other = this.contrast.codes;
    const among = this.app.known.told.whole ? "" : " of those in this page";
    note.replaceChildren(`The nearest right ${this.app.known.told.noun}${among} is `, html("button", { class: "link", click: () => this.open(other) }, short(typedText(this.machine, other), 40)),
      `. ${where} Where a value differs, that of the right ${this.app.known.told.noun} stands below it.`);
  }

  // The cursor /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * @param {KeyboardEvent} event
   */
  key(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    this.moveTo(this.cursor.variable + move[0], this.cursor.position + move[1]);
  }

  /**
   * @param {number} by
   */
  step(by) {
    this.moveTo(this.cursor.variable + by, this.cursor.position, false);
    this.mark(false);
  }

  /**
   * @param {number} variable
   * @param {number} position
   * @param {boolean} [focus]
   */
  moveTo(variable, position, focus = true) {
    const found = { variable: clamped(variable, this.last()), position: clamped(position, this.run.codes.length - 1) };
    if (!focus && found.variable === this.cursor.variable && found.position === this.cursor.position) return;
    this.cursor = found;
    this.mark(focus);
  }

  /**
   * Mark the node under the cursor, and say what it did.
   * @param {boolean} focus
   */
  mark(focus) {
    const { variable, position } = this.cursor;
    for (const row of byId("run-table").querySelectorAll("tr[data-variable]")) {
      const which = Number(row.dataset.variable);
      row.classList.toggle("current", which === variable);
      row.classList.toggle("later", which > variable);
      for (const cell of row.querySelectorAll("td")) {
        const here = which === variable && Number(cell.dataset.at) === position;
        cell.classList.toggle("cursor", here);
        cell.tabIndex = here ? 0 : -1;
        if (here && focus && document.activeElement !== cell) cell.focus({ preventScroll: false });
      }
    }
    this.drawArcs();
    this.explain();
  }

  explain() {
    const { machine, run } = this;
    const { variable, position } = this.cursor;
    const node = this.app.graphNode(variable);
    const sentences = run.codes.length === 0 ? ["The input is empty."] : told(machine, run, variable, position);
    byId("run-told").replaceChildren(
      html("h3", {}, short(machine.variables[variable].name, 40), ` at position ${position}`),
      html("p", { class: "faint" }, `${node.kind}${node.reading === "" ? "" : `: ${node.reading}`}`, " ", this.app.lineLink(node.line)),
      ...sentences.map((text) => html("p", {}, text)),
      this.app.shortTable(variable, run, position),
    );
    byId("step-said").textContent = `node ${variable - 2 > 0 ? variable - 2 : 0} of ${machine.nodes.length}`;
  }

  // Arcs ///////////////////////////////////////////////////////////////////////////////////////////////////////////////

  arcs() {
    this.canvas = svg("svg", { class: "arcs", role: "img", "aria-label": "where the head under the cursor looks" });
    return this.canvas;
  }

  drawArcs() {
    const { variable, position } = this.cursor;
    const kind = this.machine.variables[variable].kind;
    const cells = [...byId("run-table").querySelectorAll("thead th")].slice(1);
    const base = this.canvas.getBoundingClientRect().left;
    const middle = cells.map((cell) => {
      const box = cell.getBoundingClientRect();
      return box.left + box.width / 2 - base;
    });
    this.canvas.replaceChildren();
    if (kind !== "head" && kind !== "numeric head") return;
    const order = [...cells.keys()].filter((at) => at !== position);
    for (const at of [...order, position]) this.arcsOf(variable, at, middle, at === position);
  }

  /**
   * @param {number} variable
   * @param {number} at
   * @param {number[]} middle
   * @param {boolean} current
   */
  arcsOf(variable, at, middle, current) {
    const did = fired(this.machine, this.run, variable, at);
    // Of a sum all positions count, and those of all queries at once would hide each other.
    const drawn = current ? did.selected ?? [] : did.kind === "head" && did.from !== -1 ? [did.from] : [];
    for (const from of drawn) {
      const taken = did.kind !== "head" || from === did.from;
      this.canvas.append(svg("path", { d: arc(middle[from], middle[at]), class: `${current ? "arc" : "arc pale"}${taken ? "" : " passed"}` }));
      if (current && taken) this.canvas.append(svg("circle", { cx: middle[from], cy: 56, r: 4, class: "source" }));
    }
  }

  // Wrong inputs ///////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * @param {"answer" | "node"} [way]
   * @param {number} [most]
   */
  showBuckets(way = "answer", most = BUCKETED) {
    const { known, data } = this.app;
    const box = byId("run-wrong");
    byId("run-wrong-said").textContent = `Wrong ${known.told.noun}s`;
    if (!data.judges) return box.replaceChildren(html("p", {}, "No task says what is right, so none is known."));
    if (known.wrong.size === 0) return box.replaceChildren(html("p", {}, `No ${known.told.noun} is wrong; ${data.checked}.`));
    const all = bucketsOf(known, way, most);
    const shown = all.reduce((sum, bucket) => sum + bucket.inputs.length, 0);
    const left = known.wrong.size > shown ? html("button", { class: "link", click: () => this.showBuckets(way, Infinity) }, `group ${counted(known.wrong.size, known.told.noun)}`) : "";
    const first = shown < known.wrong.size || !known.told.complete;
    const few = first ? ` These are the first ${shown.toLocaleString("en")}. ` : ` The program reads some of them alike: ${shown.toLocaleString("en")} differ. `;
    const more = shown < data.wrongInputs ? html("span", {}, few, left) : null;
    const ways = Object.keys(WAYS).map((name) => html("option", { value: name, selected: name === way }, WAYS[name](known.told.noun)));
    const choice = html("select", { "aria-label": `how wrong ${known.told.noun}s are grouped`, change: (event) => this.showBuckets(event.target.value) }, ...ways);
    box.replaceChildren(
      html("p", {}, `${counted(data.wrongInputs, `wrong ${known.told.noun}`)}, by `, choice, more),
      ...all.map((bucket, at) => this.bucket(bucket, at === 0)),
    );
  }

  /**
   * @param {{name: string, inputs: number[][]}} bucket
   * @param {boolean} open
   */
  bucket({ name, inputs }, open) {
    const button = (codes) => html("button", { class: "input", click: () => { this.history = []; this.open(codes); byId("run-input").focus(); } }, short(typedText(this.machine, codes) || "(empty)", 30));
    const first = html("div", { class: "inputs" }, ...inputs.slice(0, FEW).map(button));
    const all = html("button", { class: "link", click: () => first.replaceChildren(...inputs.map(button)) }, `all ${inputs.length.toLocaleString("en")}`);
    return html("details", { open }, html("summary", {}, short(name, 40), ` (${inputs.length.toLocaleString("en")})`), first, inputs.length > FEW ? all : null);
  }
}

const FEW = 24;

/** How wrong inputs are grouped, in words, by what one of them is called. */
const WAYS = { answer: () => "what is answered instead", node: (noun) => `where it parts from the nearest right ${noun}` };

/**
 * @param {number} value
 * @param {number} last
 */
function clamped(value, last) {
  return Math.max(0, Math.min(value, last));
}

/**
 * An arc above the header, from one middle to another, that ends in an arrow.
 * @param {number} from
 * @param {number} to
 */
function arc(from, to) {
  const high = Math.min(46, 12 + Math.abs(to - from) / 6);
  if (from === to) return `M ${from - 5} 56 C ${from - 18} 30, ${from + 18} 30, ${from + 5} 56`;
  const tip = to > from ? -1 : 1;
  return `M ${from} 56 C ${from} ${56 - high * 1.3}, ${to} ${56 - high * 1.3}, ${to} 56 m ${tip * 6} -6 L ${to} 56 l ${-tip * 2} -8`;
}
