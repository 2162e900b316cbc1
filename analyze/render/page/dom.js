// Elements. Text always goes in as text: nothing that a program is called, or says, is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {any} made
 * @param {Record<string, any>} attributes
 * @param {any[]} children
 */
function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

/**
 * An element of HTML; functions among the attributes are listeners, other children than nodes are text.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 */
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * An element of the page, which is there.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/**
 * A text that is cut where it is long; all of it is shown where the pointer rests.
 * @param {string} text
 * @param {number} [most]
 */
export function short(text, most = 24) {
  const letters = [...text];
  return html("bdi", letters.length > most ? { title: text } : {}, letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text);
}
