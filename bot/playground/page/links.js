// Links: to the outside in a new tab, and those to messages, which stay here.

import { h } from "./dom.js";
import { channelName, emit, state } from "./state.js";
import { t } from "./texts.js";

const MESSAGE = /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/channels\/(?:@me|\d+)\/(\d+)(?:\/(\d+))?\/?$/;

/** {channel, id} of a link to a message (or with `id` undefined to a channel); null for any other link. */
export function messageLink(url) {
  const found = MESSAGE.exec(url);
  return found && { channel: found[1], id: found[2] };
}

/** A link whose label is `children`; without any, the address itself, or where a message is. */
export function anchor(url, children, props = {}) {
  if (!/^https?:/i.test(url ?? "")) return h("a", props, children);
  const target = messageLink(url);
  if (!target) return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...props }, children ?? url);
  const name = whereabouts(target.channel);
  const jump = (event) => {
    event.preventDefault();
    emit("jump", target);
  };
  const named = children ? {} : { class: "mention", "aria-label": t("jumpLink", { name }) };
  return h("a", { href: url, ...named, ...props, onclick: jump }, children ?? `${name}${target.id ? " › 💬" : ""}`);
}

function whereabouts(id) {
  const found = state.channels.get(id);
  return found ? `${found.guild_id ? "#" : "@"}${channelName(found)}` : "#?";
}
