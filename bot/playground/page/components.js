// Message components, of both generations.

import { h, icon, cssColor } from "./dom.js";
import { useComponent } from "./interactions.js";
import { anchor, messageLink } from "./links.js";
import { markdown } from "./markdown.js";
import { fileChip, gallery, reserve, img } from "./media.js";
import { openLightbox } from "./lightbox.js";
import { choicesOf, emojiText, select } from "./select.js";
import { t } from "./texts.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "secondary" };

const RENDER = {
  1: (row, message) => h("div", { class: "row" }, row.components.map((child) => component(child, message))),
  2: button,
  3: menu,
  5: menu,
  6: menu,
  7: menu,
  8: menu,
  9: section,
  10: (text) => h("div", { class: "markdown text-display" }, markdown(text.content)),
  11: thumbnail,
  12: (media) => gallery(media.items.map((item) => ({ ...item.media, name: item.description || t("picture"), spoiler: item.spoiler }))),
  13: file,
  14: (line) => h("div", { class: `separator ${line.divider === false ? "blank" : ""} ${line.spacing === 2 ? "large" : ""}`, role: "presentation" }),
  17: container,
};

/** The node of one component of `message`; null for a type that is not known. */
export function component(each, message) {
  return RENDER[each.type]?.(each, message) ?? null;
}

function button(each, message) {
  const words = [each.emoji && h("span", { class: "emoji" }, emojiText(each.emoji)), each.label && h("span", {}, each.label)];
  const name = [each.emoji && emojiText(each.emoji), each.label].filter(Boolean).join(" ");
  if (each.style === 5) {
    if (each.disabled) return h("a", { class: "button link", role: "link", "aria-disabled": "true", "aria-label": name }, words);
    if (messageLink(each.url)) return anchor(each.url, words, { class: "button link", "aria-label": name });
    return anchor(each.url, [...words, icon("open")], { class: "button link", "aria-label": `${name} (${t("link")})` });
  }
  const act = (event) => useComponent(message, { custom_id: each.custom_id, component_type: 2, id: each.id }, event.currentTarget);
  return h("button", { type: "button", class: `button ${STYLES[each.style]}`, disabled: each.disabled, "aria-label": name, dataset: { key: each.custom_id ?? "" }, onclick: act }, words);
}

function menu(each, message) {
  const commit = (values, trigger) => useComponent(message, { custom_id: each.custom_id, component_type: each.type, id: each.id, values }, trigger);
  return select({ choices: choicesOf(each), min: each.min_values ?? 1, max: each.max_values ?? 1, placeholder: each.placeholder, disabled: each.disabled, key: each.custom_id, onCommit: commit }).node;
}

function section(each, message) {
  return h("div", { class: "section" }, h("div", { class: "section-words" }, each.components.map((child) => component(child, message))), h("div", { class: "section-side" }, component(each.accessory, message)));
}

function thumbnail(each) {
  const picture = { ...each.media, name: each.description || t("picture") };
  const node = h("button", { type: "button", class: "picture", "aria-label": t("openPicture", { name: picture.name }), onclick: () => openLightbox([picture], 0) }, img(picture));
  reserve(node, each.media, { width: 96, height: 96 });
  return node;
}

function file(each) {
  const filename = each.name ?? decodeURIComponent(new URL(each.file.url, location.href).pathname.split("/").at(-1));
  return fileChip({ url: each.file.url, filename, size: each.size });
}

function container(each, message) {
  const body = h("div", { class: "container-body" }, each.components.map((child) => component(child, message)));
  const node = h("div", { class: "container", style: { borderLeftColor: cssColor(each.accent_color) ?? "" } }, body);
  if (!each.spoiler) return node;
  body.inert = true;
  const lift = h("button", { type: "button", class: "container-veil", onclick: () => ((body.inert = false), lift.remove()) }, icon("eye"), t("spoiler"));
  node.append(lift);
  return node;
}
