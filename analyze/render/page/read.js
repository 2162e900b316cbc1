// "Read it": the lines of the source are in the page already; here their marks are chosen, and links followed.

import { byId, html } from "./dom.js";

/** The source and what stands beside it. */
export class ReadView {
  constructor(app) {
    this.app = app;
    const select = byId("read-circuit");
    select.append(html("option", { value: "" }, "none"), ...app.data.circuits.map((circuit, at) => html("option", { value: at }, circuit.value || circuit.problem)));
    select.addEventListener("change", () => this.mark());
    byId("read-source").addEventListener("click", (event) => this.clicked(event));
    this.mark();
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

  /** A line number leads to the node whose line it is. */
  clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a[data-to]") : null;
    if (link === null) return;
    event.preventDefault();
    this.app.openNode(Number(link.dataset.to));
  }

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
