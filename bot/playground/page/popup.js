// Things that open beside something: menus, lists to choose from, palettes. In the browser's top layer, so never clipped.

import { h, roving } from "./dom.js";

const GAP = 6;
const EDGE = 8;
let current = null;

/** Opens `node` beside `anchor` (an element, or a point {x, y}). Answers a function that closes it. One at a time. */
export function openPopup(anchor, node, { onClose = () => {}, align = "start", matchWidth = false, refocus = true } = {}) {
  current?.close(false);
  const element = anchor instanceof Element ? anchor : null;
  const from = document.activeElement;
  const ended = new AbortController();
  const host = (element ?? from)?.closest("dialog") ?? document.body;
  node.popover = "manual";
  node.classList.add("popup");
  host.append(node);
  node.showPopover();
  place();

  function place() {
    if (element && !element.isConnected) return close(false);
    const box = element ? element.getBoundingClientRect() : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y, width: 0 };
    if (matchWidth) node.style.minWidth = `${box.width}px`;
    const { offsetWidth: width, offsetHeight: height } = node;
    const below = innerHeight - box.bottom - GAP - EDGE;
    const above = box.top - GAP - EDGE;
    const top = height <= below || below >= above ? Math.min(box.bottom + GAP, innerHeight - height - EDGE) : box.top - GAP - height;
    const left = align === "end" ? box.right - width : box.left;
    node.style.top = `${Math.max(EDGE, top)}px`;
    node.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  }

  function close(back = refocus) {
    if (ended.signal.aborted) return;
    ended.abort();
    const had = node.contains(document.activeElement);
    node.remove();
    current = null;
    onClose();
    const target = element?.isConnected ? element : from;
    if (back && had && target?.isConnected) target.focus({ preventScroll: true });
  }

  const { signal } = ended;
  document.addEventListener("pointerdown", (event) => !node.contains(event.target) && !element?.contains(event.target) && close(false), { capture: true, signal });
  document.addEventListener("scroll", (event) => event.target instanceof Node && !node.contains(event.target) && place(), { capture: true, signal });
  addEventListener("resize", place, { signal });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  });
  current = { close };
  return close;
}

export const closePopup = () => current?.close(false);

/** A menu of {label, run, icon?, note?} and {heading} entries, walked with the arrows. */
export function openMenu(anchor, entries, label, options = {}) {
  const items = entries.map((entry) =>
    entry.heading
      ? h("div", { class: "menu-heading", role: "presentation" }, entry.heading)
      : h("button", { type: "button", role: "menuitem", class: "menu-item", tabindex: "-1", onclick: () => pick(entry) }, entry.icon, h("span", {}, entry.label), entry.note && h("small", {}, entry.note)),
  );
  const menu = h("div", { role: "menu", class: "menu", "aria-label": label }, items);
  const buttons = items.filter((item) => item.tagName === "BUTTON");
  const close = openPopup(anchor, menu, options);
  roving(menu, () => buttons);
  buttons[0]?.focus();

  function pick(entry) {
    close(true);
    entry.run();
  }
}
