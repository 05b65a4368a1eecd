// Building the page: nodes (never HTML strings), icons, focus that moves with the arrow keys, announcements.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `props`: class, dataset, style (object), on<event> handlers, properties value/checked, any attribute. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) setProp(node, key, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProp(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2).toLowerCase(), value);
  else if (key === "dataset" || key === "style") Object.assign(node[key], value);
  else if (key === "value" || key === "checked") node[key] = value;
  else node.setAttribute(key === "class" ? "class" : key, value === true ? "" : String(value));
}

const ICONS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M3.5 15h16",
  thread: "M5 5h14v10H11l-4 4v-4H5zM9 9h6M9 12h4",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Zm0 0v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7.1",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  send: "M5 12 4 4.5 21 12 4 19.5 5 12Zm0 0h8",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM9 10h.01M15 10h.01M8.5 14.5c1.8 2.2 5.2 2.2 7 0",
  down: "m6 9 6 6 6-6",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  open: "M14 4h6v6M20 4l-9 9M10 5H5v14h14v-5",
  group: "M9 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-4 2.7-6 6.5-6s6.1 2 6.5 6M16 5.3a3.5 3.5 0 0 1 0 6.4M18 14.5c2.2.8 3.3 2.6 3.5 5.5",
  clip: "m19 11-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.3a3 3 0 0 1 4.2 4.2l-7.7 7.7a1.5 1.5 0 0 1-2.1-2.1l7-7",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  restart: "M19 6v5h-5M18.5 11a7 7 0 1 0 .5 4",
  spark: "M12 3l1.8 5.2L19 10l-5.2 1.8L12 17l-1.8-5.2L5 10l5.2-1.8zM19 16v4M17 18h4",
  stop: "M7 7h10v10H7z",
  play: "M8 5.5v13l10-6.5z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon only; its name is read out and shown as a tooltip. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", ...props, class: `icon-button ${props.class ?? ""}`, "aria-label": label, title: label, onclick }, icon(name));
}

/** A drawn avatar: the user's colour and initials. `user.color` is a number or a CSS colour. */
export function avatar(user, size = "") {
  const initials = (nameOf(user).match(/[\p{L}\p{N}]+/gu) ?? ["?"]).slice(0, 2).map((word) => [...word][0]).join("");
  return h("span", { class: `avatar ${size}`, "aria-hidden": "true", style: { backgroundColor: cssColor(user.color) ?? "#6d6459" } }, initials.toUpperCase());
}

export function nameOf(user) {
  return user?.global_name || user?.username || "?";
}

export function cssColor(color) {
  if (color === null || color === undefined) return null;
  return typeof color === "number" ? `#${color.toString(16).padStart(6, "0")}` : color;
}

/** Makes `items()` of a container one tab stop: arrows, Home and End move. `keys` are [previous, next]. */
export function roving(container, items, keys = ["ArrowUp", "ArrowDown"]) {
  container.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { [keys[0]]: at - 1, [keys[1]]: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    for (const item of all) item.tabIndex = item === next ? 0 : -1;
    next.focus();
  });
}

/** Says something to screen readers; `urgent` interrupts. */
export function announce(text, urgent = false) {
  const region = document.getElementById(urgent ? "alert" : "live");
  region.textContent = "";
  region.append(text);
}

/** A short message at the bottom of the page that goes by itself. */
export function toast(text) {
  const node = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(node);
  announce(text, true);
  setTimeout(() => node.remove(), 6000);
}

let serial = 0;
export const uid = (prefix) => `${prefix}-${(serial += 1)}`;
