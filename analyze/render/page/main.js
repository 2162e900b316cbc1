// The page: its three views, and what they share.

import { byId, html } from "./dom.js";
import { cellAt, execute, prepare } from "./executor.js";
import { knowledge } from "./known.js";
import { ownTables } from "./node.js";
import { ReadView } from "./read.js";
import { RunView } from "./run.js";
import { WholeView } from "./whole.js";

const FEW_SYMBOLS = 3;

const TABS = ["run", "whole", "read"];

/** What the views share: the program, what was found of it, and the way from one view to another. */
export class App {
  /**
   * @param {any} data
   */
  constructor(data) {
    this.data = data;
    this.machine = prepare(data.program);
    this.known = knowledge(this.machine, data.known);
    this.places = new Map(this.machine.variables.map(({ name }, at) => [name, at]));
    this.nodes = new Map(data.graph.nodes.map((node) => [node.name, node]));
    TABS.forEach((name) => {
      const tab = byId(`tab-${name}`);
      tab.addEventListener("click", () => this.show(name));
      tab.addEventListener("keydown", (event) => this.tabKey(event, name));
    });
    this.runView = new RunView(this);
    this.wholeView = null;
    this.readView = null;
    this.runView.open(this.first());
    this.show("run");
  }

  /** The input that is shown first: a wrong one of a few symbols if there is any, else the example. */
  first() {
    const wrong = [...this.known.wrong.values()].map(({ codes }) => codes);
    const marks = Number(this.machine.begins) + Number(this.machine.ends);
    return wrong.find((codes) => codes.length - marks >= FEW_SYMBOLS) ?? wrong[0] ?? this.data.example;
  }

  /**
   * Show one of the views; the others are made when they are first asked for.
   * @param {string} name
   */
  show(name) {
    for (const other of TABS) {
      byId(`tab-${other}`).setAttribute("aria-selected", String(other === name));
      byId(`tab-${other}`).tabIndex = other === name ? 0 : -1;
      byId(`view-${other}`).hidden = other !== name;
    }
    if (name === "whole") this.wholeView ??= new WholeView(this);
    if (name === "read") this.readView ??= new ReadView(this);
    if (name === "run") this.runView.drawArcs();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} name
   */
  tabKey(event, name) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    const next = TABS[(TABS.indexOf(name) + by + TABS.length) % TABS.length];
    this.show(next);
    byId(`tab-${next}`).focus();
  }

  /**
   * @param {string} name
   */
  variable(name) {
    return this.places.get(name) ?? -1;
  }

  /**
   * @param {any} variable
   */
  graphNode(variable) {
    return this.nodes.get(this.machine.variables[variable].name);
  }

  /**
   * @param {string} name
   */
  deadWords(name) {
    return this.data.dead[name] ?? [];
  }

  /**
   * The names of the tables of a node.
   * @param {string} name
   */
  tablesOf(name) {
    const node = this.machine.nodes[this.variable(name) - 3];
    if (node === undefined || node.kind === "linear") return [];
    return "alternatives" in node ? node.alternatives.flat().map((clause) => clause.table) : [name];
  }

  /**
   * The entry of a lookup that some values pick.
   * @param {any} node
   * @param {(variable: number) => import("./executor.js").Num} value
   */
  cellOf(node, value) {
    const values = [];
    for (const axis of node.axes) values[axis.variable] = [value(axis.variable)];
    return cellAt(node, values, 0);
  }

  /**
   * The table of a node as the cursor needs it, with the row or cell that answered.
   * @param {any} variable
   * @param {import("./executor.js").Run} run
   * @param {number} position
   */
  shortTable(variable, run, position) {
    return html("div", {}, ...ownTables(this, variable, run, position));
  }

  /**
   * @param {number | null} line
   */
  lineLink(line) {
    return line === null ? "" : html("button", { class: "link", click: () => this.openLine(line) }, `line ${line}`);
  }

  /**
   * @param {any} variable
   */
  openNode(variable) {
    this.show("whole");
    this.wholeView.choose(this.machine.variables[variable].name);
    byId("whole-node").focus();
  }

  /**
   * @param {number | null} line
   */
  openLine(line) {
    this.show("read");
    this.readView.open(line);
  }
}

/**
 * What the page holds: JSON, compressed, in base64.
 * @param {string} text
 */
async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
}

async function start() {
  const waiting = byId("waiting");
  if (!("DecompressionStream" in globalThis)) {
    waiting.textContent = "This browser is too old for this page: it must know DecompressionStream, as those since 2023 do.";
    return;
  }
  const app = new App(await inflated(byId("data").textContent));
  /** For tests, and for those who look with the console. */
  globalThis.tpdebug = { app, execute };
  waiting.remove();
  performance.mark("ready");
}

start().catch((error) => {
  byId("waiting").textContent = `This page is damaged, or too large for this browser: ${error}`;
  throw error;
});
