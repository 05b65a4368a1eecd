// The list above the message box: commands, choices, suggestions. The box keeps the focus; the list follows its keys.

import { h, uid } from "./dom.js";
import { t } from "./texts.js";

/** Answers {node, show(entries, options), hide(), key(event)}. Entries: {label, description?, lead?, note?, pick}. */
export function createSuggest() {
  const heading = h("div", { class: "suggest-heading" });
  const list = h("div", { role: "listbox", class: "suggest-list", id: uid("suggest"), "aria-label": t("options") });
  const node = h("div", { class: "suggest", hidden: true }, heading, list);
  let entries = [];
  let rows = [];
  let at = -1;
  let owner = null;

  /** `input` is the box that has the focus; `title` stands above; `first` marks the first entry at once. */
  function show(next, { input, title, first = false }) {
    if (owner && owner !== input) release();
    owner = input;
    entries = next;
    rows = entries.map((entry, index) => row(entry, index));
    heading.replaceChildren(...[title ?? ""].flat());
    list.replaceChildren(...rows);
    node.hidden = !title && !rows.length;
    list.hidden = !rows.length;
    owner.setAttribute("aria-controls", list.id);
    owner.setAttribute("aria-expanded", String(rows.length > 0));
    mark(first && rows.length ? 0 : -1);
  }

  function row(entry, index) {
    return h(
      "div",
      { role: "option", class: "option", id: uid("option"), "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => entry.pick(), onpointermove: () => at !== index && mark(index, false) },
      entry.lead && h("span", { class: "option-lead" }, entry.lead),
      h("span", { class: "option-words" }, h("span", {}, entry.label), entry.description && h("small", {}, entry.description)),
      entry.note && h("small", { class: "option-note" }, entry.note),
    );
  }

  function mark(index, scroll = true) {
    rows[at]?.setAttribute("aria-selected", "false");
    at = index;
    rows[at]?.setAttribute("aria-selected", "true");
    if (scroll) rows[at]?.scrollIntoView({ block: "nearest" });
    if (rows[at]) owner?.setAttribute("aria-activedescendant", rows[at].id);
    else owner?.removeAttribute("aria-activedescendant");
  }

  function release() {
    owner?.setAttribute("aria-expanded", "false");
    owner?.removeAttribute("aria-activedescendant");
  }

  function hide() {
    node.hidden = true;
    entries = [];
    rows = [];
    at = -1;
    release();
  }

  /** Handles a key of the box; true when it was for the list. */
  function key(event) {
    if (node.hidden || !rows.length || event.isComposing) return false;
    if (event.key === "ArrowDown") mark((at + 1) % rows.length);
    else if (event.key === "ArrowUp") mark((at <= 0 ? rows.length : at) - 1);
    else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && at >= 0) entries[at].pick();
    else if (event.key === "Escape") hide();
    else return false;
    event.preventDefault();
    return true;
  }

  return { node, show, hide, key, marked: () => at >= 0, listed: () => rows.length > 0 };
}
