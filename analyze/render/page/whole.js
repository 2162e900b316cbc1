// "See the whole": the data flow, inputs on the left, layers from left to right, with pan and zoom.

import { byId, html, svg } from "./dom.js";
import { nodeDetail } from "./node.js";

const WIDE = 170;
const HIGH = 34;
const ACROSS = 224;
const DOWN = 46;

/**
 * Where on the side of a node a read enters it, so that two of one variable are seen as two.
 * @type {Record<string, number>}
 */
const ENTERS = { query: 0.25, by: 0.4, key: 0.55, value: 0.8 };

/** The picture of a program and its toggles. */
export class WholeView {
  /**
   * @param {import("./main.js").App} app
   */
  constructor(app) {
    this.app = app;
    this.graph = app.data.graph;
    /** @type {Map<string, any>} node -> its corner */
    this.place = placed(this.graph.columns);
    /** @type {any} node -> its box; the drawing, and how large it is */
    this.boxes = this.canvas = this.size = null;
    this.chosen = null;
    this.view = { x: 0, y: 0, scale: 1 };
    this.draw();
    this.options();
    this.movable();
  }

  // The picture ////////////////////////////////////////////////////////////////////////////////////////////////////////

  draw() {
    const reads = this.graph.edges.filter((edge) => edge.role !== "readout");
    this.paths = reads.map((edge) => this.edge(edge));
    this.boxes = new Map(this.graph.nodes.filter((node) => this.place.has(node.name)).map((node) => [node.name, this.box(node)]));
    this.stage = svg("g", {}, ...this.paths.map(({ path }) => path), ...this.boxes.values());
    const most = Math.max(...this.graph.columns.map((column) => column.length));
    this.size = { width: this.graph.columns.length * ACROSS, height: most * DOWN + 20 };
    this.canvas = svg("svg", { class: "flow", role: "group", "aria-label": "who reads whom; inputs on the left", tabindex: 0 }, this.stage);
    byId("whole-picture").replaceChildren(this.canvas);
    this.fit();
  }

  /**
   * @param {any} node
   */
  box(node) {
    const { x, y } = this.place.get(node.name);
    const name = clipped(node.name, 22);
    const share = this.largest > 0 ? node.swing / this.largest : 0;
    return svg("g", {
      class: `node ${node.kind.replace(" ", "-")}`, transform: `translate(${x},${y})`, role: "button", tabindex: 0,
      "aria-label": `${node.name}, ${node.kind}${node.reading === "" ? "" : `, ${node.reading}`}${node.dead ? ", dead" : ""}`,
      click: () => this.choose(node.name),
      keydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.choose(node.name); } },
      mouseenter: () => this.highlight(node.name), mouseleave: () => this.highlight(this.chosen),
      focus: () => this.highlight(node.name), blur: () => this.highlight(this.chosen),
    },
    svg("title", {}, `${node.name}\n${node.reading}`),
    svg("rect", { width: WIDE, height: HIGH, rx: 4 }),
    svg("text", { x: 8, y: 14, class: "name" }, name),
    svg("text", { x: 8, y: 27, class: "says" }, clipped(node.reading || node.kind, 26)),
    svg("rect", { class: "swing", x: WIDE + 2, y: HIGH * (1 - share), width: 5, height: HIGH * share }),
    svg("text", { x: WIDE - 8, y: 14, class: "badge" }, ""));
  }

  get largest() {
    return Math.max(0, ...this.graph.nodes.map((node) => node.swing));
  }

  /**
   * @param {{source: string, target: string, role: string}} edge
   */
  edge({ source, target, role }) {
    const [from, to] = [this.place.get(source), this.place.get(target)];
    const [x, y, u, v] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH * (ENTERS[role] ?? 0.5)];
    const bend = Math.max(40, (u - x) / 2);
    const path = svg("path", { class: `edge ${role}`, d: `M ${x} ${y} C ${x + bend} ${y}, ${u - bend} ${v}, ${u} ${v}` }, svg("title", {}, `${target} reads ${source} as ${role}`));
    return { path, source, target };
  }

  /**
   * Show what flows into a node and what it flows into; null: all alike.
   * @param {string | null} name
   */
  highlight(name) {
    const up = reached(name, this.paths, "target", "source");
    const down = reached(name, this.paths, "source", "target");
    this.stage.classList.toggle("hovering", name !== null);
    for (const [other, box] of this.boxes) {
      box.classList.toggle("upstream", up.has(other));
      box.classList.toggle("downstream", down.has(other));
      box.classList.toggle("chosen", other === this.chosen);
    }
    for (const { path, source, target } of this.paths) {
      path.classList.toggle("upstream", name !== null && up.has(target) && up.has(source));
      path.classList.toggle("downstream", name !== null && down.has(source) && down.has(target));
    }
  }

  /**
   * @param {string} name
   */
  choose(name) {
    this.chosen = name;
    this.highlight(name);
    const variable = this.app.variable(name);
    byId("whole-node").replaceChildren(nodeDetail(this.app, variable));
  }

  // Toggles ////////////////////////////////////////////////////////////////////////////////////////////////////////////

  options() {
    const circuits = this.app.data.circuits;
    const select = byId("whole-circuit");
    select.append(html("option", { value: "" }, "none"), ...circuits.map((circuit, at) => html("option", { value: at }, circuit.value || circuit.problem)));
    for (const id of ["whole-dead", "whole-covered", "whole-circuit"]) byId(id).addEventListener("change", () => this.apply());
    byId("zoom-in").addEventListener("click", () => this.zoom(1.25));
    byId("zoom-out").addEventListener("click", () => this.zoom(0.8));
    byId("zoom-fit").addEventListener("click", () => this.fit());
    this.apply();
  }

  apply() {
    const chosen = byId("whole-circuit").value;
    const circuit = chosen === "" ? null : this.app.data.circuits[Number(chosen)];
    const [dead, covered] = [byId("whole-dead").checked, byId("whole-covered").checked];
    for (const node of this.graph.nodes) {
      const box = this.boxes.get(node.name);
      if (box === undefined) continue;
      const member = circuit !== null && circuit.members.includes(node.name);
      box.classList.toggle("dead", dead && node.dead);
      box.classList.toggle("member", member);
      box.classList.toggle("outside", circuit !== null && !member && node.kind !== "input" && node.kind !== "embedding");
      const badges = [dead && node.dead ? "dead" : "", member ? "✓" : "", covered ? this.covered(node.name) : ""];
      box.querySelector(".badge").textContent = badges.filter(Boolean).join(" ");
    }
    const said = circuit === null ? "" : `${circuit.members.length} nodes, ${circuit.status}, suffice for ${circuit.pairs.toLocaleString("en")} predictions (✓)`;
    byId("whole-said").textContent = said;
  }

  /**
   * How many of a node's entries inputs reach.
   * @param {string} name
   */
  covered(name) {
    const counts = this.app.tablesOf(name).flatMap((table) => this.app.data.reached[table] ?? []);
    return counts.length === 0 ? "" : `${counts.filter((count) => count > 0).length}/${counts.length}`;
  }

  // Pan and zoom ///////////////////////////////////////////////////////////////////////////////////////////////////////

  fit() {
    const width = this.canvas.getBoundingClientRect().width || 1000;
    const scale = Math.max(0.15, Math.min(1.3, (width - 20) / this.size.width));
    const most = Math.max(360, window.innerHeight * 0.75);
    this.canvas.style.height = `${Math.min(most, this.size.height * scale + 30)}px`;
    this.move({ x: 10, y: 15, scale });
  }

  /**
   * @param {{x: number, y: number, scale: number}} view
   */
  move(view) {
    this.view = view;
    this.stage.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.scale})`);
  }

  /**
   * @param {number} by
   * @param {number} [x]
   * @param {number} [y]
   */
  zoom(by, x = 200, y = 150) {
    const { view } = this;
    const scale = Math.max(0.15, Math.min(4, view.scale * by));
    const grown = scale / view.scale;
    this.move({ x: x - (x - view.x) * grown, y: y - (y - view.y) * grown, scale });
  }

  movable() {
    const { canvas } = this;
    let from = null;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      this.zoom(event.deltaY < 0 ? 1.12 : 0.89, event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => { from = { x: event.clientX - this.view.x, y: event.clientY - this.view.y }; });
    canvas.addEventListener("pointermove", (event) => { if (from !== null && event.buttons > 0) this.move({ ...this.view, x: event.clientX - from.x, y: event.clientY - from.y }); });
    canvas.addEventListener("pointerup", () => { from = null; });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /**
   * @param {KeyboardEvent} event
   */
  key(event) {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const move = moves[event.key];
    if (move !== undefined) this.move({ ...this.view, x: this.view.x + move[0], y: this.view.y + move[1] });
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }
}

/**
 * node -> its corner: a column a stage, each centred.
 * @param {string[][]} columns
 */
function placed(columns) {
  const most = Math.max(...columns.map((column) => column.length));
  const found = new Map();
  columns.forEach((column, across) =>
    column.forEach((name, down) => found.set(name, { x: across * ACROSS, y: (down + (most - column.length) / 2) * DOWN })));
  return found;
}

/**
 * All that a path of edges leads to from a node, which is included.
 * @param {string | null} name
 * @param {any[]} edges
 * @param {string} from
 * @param {string} to
 */
function reached(name, edges, from, to) {
  const found = new Set(name === null ? [] : [name]);
  const waiting = [...found];
  while (waiting.length > 0) {
    const next = waiting.pop();
    for (const edge of edges) {
      if (edge[from] === next && !found.has(edge[to])) {
        found.add(edge[to]);
        waiting.push(edge[to]);
      }
    }
  }
  return found;
}

/**
 * @param {string} text
 * @param {number} most
 */
function clipped(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}
