// Embeds, as Discord describes them.

import { fileUrl } from "./api.js";
import { cssColor, h } from "./dom.js";
import { anchor } from "./links.js";
import { openLightbox } from "./lightbox.js";
import { inline, markdown } from "./markdown.js";
import { gallery, img, reserve } from "./media.js";
import { formatTime, t } from "./texts.js";

const WIDE = { width: 480, height: 480 };

/** Nodes for a message's embeds; those that share a `url` show their pictures as one gallery. */
export function embeds(list) {
  const groups = [];
  for (const embed of list) {
    const group = embed.url && groups.find(([first]) => first.url === embed.url && first.image && embed.image);
    if (group) group.push(embed);
    else groups.push([embed]);
  }
  return groups.map(([first, ...more]) => node(first, [first, ...more].filter((embed) => embed.image)));
}

function node(embed, pictured) {
  const title = embed.title && h("div", { class: "embed-title" }, embed.url ? anchor(embed.url, inline(embed.title)) : inline(embed.title));
  return h(
    "div",
    { class: "embed", style: { borderLeftColor: cssColor(embed.color) ?? "" } },
    h(
      "div",
      { class: "embed-body" },
      h(
        "div",
        { class: "embed-words" },
        embed.author && byline(embed.author),
        title,
        embed.description && h("div", { class: "embed-description markdown" }, markdown(embed.description)),
        embed.fields?.length > 0 && fields(embed.fields),
      ),
      embed.thumbnail && thumbnail(embed.thumbnail),
    ),
    images(pictured),
    footer(embed),
  );
}

function byline({ name, url, icon_url: source }) {
  const picture = source && h("img", { class: "embed-icon", src: fileUrl(source), alt: "", width: 24, height: 24 });
  return h("div", { class: "embed-author" }, picture, url ? anchor(url, name) : name);
}

function fields(list) {
  return h(
    "dl",
    { class: "embed-fields" },
    list.map((field) =>
      h("div", { class: field.inline ? "field inline" : "field" }, h("dt", {}, inline(field.name)), h("dd", { class: "markdown" }, markdown(field.value))),
    ),
  );
}

function thumbnail(media) {
  const picture = { ...media, name: media.description || t("picture") };
  const button = h("button", { type: "button", class: "picture embed-thumbnail", "aria-label": t("openPicture", { name: picture.name }), onclick: () => openLightbox([picture], 0) }, img(picture));
  reserve(button, media, { width: 96, height: 96 });
  return button;
}

function images(pictured) {
  if (!pictured.length) return null;
  const pictures = pictured.map(({ image, title }) => ({ ...image, name: image.description || title || t("picture") }));
  const node = gallery(pictures);
  if (pictures.length === 1) reserve(node.firstChild, pictures[0], WIDE);
  return node;
}

function footer({ footer: foot, timestamp }) {
  if (!foot && !timestamp) return null;
  const picture = foot?.icon_url && h("img", { class: "embed-icon", src: fileUrl(foot.icon_url), alt: "", width: 20, height: 20 });
  const parts = [foot?.text, timestamp && formatTime(Date.parse(timestamp), "f")].filter(Boolean);
  return h("div", { class: "embed-footer" }, picture, h("span", {}, parts.join(" • ")));
}
