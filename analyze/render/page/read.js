// "Read it": the lines of the source, their marks, and the ways to and from them.

import { byId, html } from "./dom.js";

/**
 * @typedef {{text: string[], node: number | null, reached: number | null, dead: boolean, mends: number, folded: boolean}} Line
 *   `text` holds kinds of words and words by turns.
 */

/** The source and what stands beside it. */
export class ReadView {
  /**
   * @param {import("./main.js").App} app
   */
  constructor(app) {
    this.app = app;
    const select = byId("read-circuit");
    select.append(html("option", { value: "" }, "none"), ...app.data.circuits.map((circuit, at) => html("option", { value: at }, circuit.value || circuit.problem)));
    select.addEventListener("change", () => this.mark());
    byId("read-source").append(...partsOf(app.data.source).map((part) => this.part(part)));
    this.mark();
  }

  /**
   * Lines that stand together; those of helpers are folded.
   * @param {any} part
   */
  part({ first, lines }) {
    const rows = lines.map((line, at) => this.row(line, first + at));
    const table = html("table", { class: "source-lines" }, html("tbody", {}, ...rows));
    if (!lines[0].folded) return table;
    return html("details", {}, html("summary", {}, `lines ${first} to ${first + lines.length - 1}: helpers, as in other modules`), table);
  }

  /**
   * One line. Its number leads to its node.
   * @param {any} line
   * @param {number} number
   */
  row(line, number) {
    const place = line.node;
    const link = place === null ? number : html("a", { href: "#whole", click: (event) => { event.preventDefault(); this.app.openNode(place); } }, number);
    const signs = `${line.dead ? "D" : ""}${line.mends > 0 ? `B ${line.mends.toLocaleString("en")}` : ""}`;
    const kinds = `${line.dead ? "dead" : ""} ${line.mends > 0 ? "blamed" : ""}`.trim();
    return html("tr", { id: `L${number}`, "data-node": place, class: kinds || null },
      html("td", { class: "count" }, line.reached === null ? "" : line.reached.toLocaleString("en")), html("td", { class: "sign" }, signs),
      html("td", { class: "sign circuit" }), html("td", { class: "count" }, link), html("td", {}, ...wordsOf(line.text)));
  }

  /** Mark the lines of the members of the chosen circuit. */
  mark() {
    const chosen = byId("read-circuit").value;
    const members = chosen === "" ? [] : this.app.data.circuits[Number(chosen)].members;
    for (const row of byId("read-source").querySelectorAll("tr[data-node]")) {
      const member = members.includes(this.app.data.graph.nodes[Number(row.dataset.node)].name);
      row.classList.toggle("member", member);
      row.querySelector(".circuit").textContent = member ? "C" : "";
    }
  }

  /**
   * @param {number} line
   */
  open(line) {
    const row = document.getElementById(`L${line}`);
    if (row === null) return;
    for (const other of document.querySelectorAll("#read-source tr.target")) other.classList.remove("target");
    const folded = row.closest("details");
    if (folded !== null) folded.open = true;
    row.classList.add("target");
    row.scrollIntoView({ block: "center" });
    row.querySelector("a")?.focus({ preventScroll: true });
  }
}

/**
 * Runs of lines that are folded, or are not.
 * @param {any[]} lines
 */
function partsOf(lines) {
  const parts = [];
  lines.forEach((line, at) => {
    const last = parts[parts.length - 1];
    if (last !== undefined && last.lines[0].folded === line.folded) last.lines.push(line);
    else parts.push({ first: at + 1, lines: [line] });
  });
  return parts;
}

/**
 * @param {string[]} text
 */
function wordsOf(text) {
  const made = [];
  for (let at = 0; at < text.length; at += 2) made.push(text[at] === "" ? text[at + 1] : html("span", { class: `tok-${text[at]}` }, text[at + 1]));
  return made;
}
