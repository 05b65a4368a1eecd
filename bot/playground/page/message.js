// One message as a node. It is made of sections; an update rebuilds only the sections whose data changed.

import { api } from "./api.js";
import { avatar, cssColor, h, icon, iconButton, nameOf, toast } from "./dom.js";
import { component } from "./components.js";
import { embeds } from "./embeds.js";
import { markdown, plainText } from "./markdown.js";
import { attachments, keepOldPicture } from "./media.js";
import { messageMenu, reactionPalette } from "./message-menu.js";
import { emit, state } from "./state.js";
import { emojiText } from "./select.js";
import { formatTime, t } from "./texts.js";

const EPHEMERAL = 64;
const LOADING = 128;
const COMPONENTS_V2 = 1 << 15; // such a message shows its files only where a component does
const THREAD_CREATED = 18;

export const isEphemeral = (message) => Boolean(message.flags & EPHEMERAL);
export const isLoading = (message) => Boolean(message.flags & LOADING);

// name, what it depends on, how it is drawn
const SECTIONS = [
  ["context", (m) => [m.referenced_message?.id, m.referenced_message?.content, m.message_reference?.message_id, commandName(m)], context],
  ["content", (m) => [m.content, m.edited_timestamp, m.flags, m.local, m.type], content],
  ["attachments", (m) => m.attachments?.map((file) => [file.id, file.filename, file.size, file.flags, file.url.split("?")[0]]), (m) => (m.flags & COMPONENTS_V2 ? [] : attachments(m.attachments ?? []))],
  ["embeds", (m) => m.embeds, (m) => embeds(m.embeds ?? [])],
  ["components", (m) => [m.components, hasMenu(m) && m.edited_timestamp], (m) => (m.components ?? []).map((each) => component(each, m))],
  ["thread", (m) => m.thread?.id, thread],
  ["reactions", (m) => m.reactions, reactions],
  ["foot", (m) => isEphemeral(m), foot],
];

/** Whether a choice was made in it that an edit takes back. */
const hasMenu = (m) => JSON.stringify(m.components ?? []).includes('"max_values"');

export const authorOf = (message) => state.users.get(message.author.id) ?? message.author;
const commandName = (m) => (m.interaction?.type === 2 ? m.interaction.name : m.interaction_metadata?.type === 2 ? (m.interaction_metadata.name ?? m.interaction?.name) : null);

/** A message's node, with `node.update(message)`. */
export function messageNode(first) {
  let message = first;
  const signatures = {};
  const author = authorOf(message);
  const parts = Object.fromEntries(SECTIONS.map(([name]) => [name, h("div", { class: `part ${name}` })]));
  const failure = h("div", { class: "failure", role: "status" });
  const stamp = Date.parse(message.timestamp);
  const head = h(
    "div",
    { class: "head", id: `head-${message.id}` },
    h("span", { class: "author", style: { color: cssColor(author.color) ?? "" } }, nameOf(author)),
    message.author.bot && h("span", { class: "tag" }, t("app")),
    h("time", { datetime: message.timestamp, title: formatTime(stamp, "F") }, formatTime(stamp, "t")),
  );
  const { context: above, ...below } = parts;
  const body = h("div", { class: "body" }, head, Object.values(below), failure);
  const node = h(
    "article",
    { class: "message", tabindex: "-1", dataset: { id: message.id }, "aria-label": t("messageBy", { name: nameOf(author), time: formatTime(stamp, "t") }), oncontextmenu: menu },
    h("div", { class: "day", "aria-hidden": "true" }, h("span", {}, formatTime(stamp, "D"))),
    above,
    avatar(author),
    h("time", { class: "side-time", "aria-hidden": "true" }, formatTime(stamp, "t")),
    body,
    !message.local && toolbar(),
  );

  function toolbar() {
    return h(
      "div",
      { class: "toolbar" },
      !isEphemeral(message) && iconButton("smile", t("react"), (event) => reactionPalette(event.currentTarget, message)),
      iconButton("dots", t("more"), (event) => messageMenu(event.currentTarget, message), { "aria-haspopup": "menu" }),
    );
  }

  function menu(event) {
    if (message.local || event.target.closest("a[href], input, textarea") || String(getSelection())) return;
    event.preventDefault();
    const keyboard = event.button === 0 || (event.clientX === 0 && event.clientY === 0);
    messageMenu(keyboard ? event.target : { x: event.clientX, y: event.clientY }, message);
  }

  node.update = (next) => {
    message = next;
    node.message = next;
    node.classList.toggle("ephemeral", isEphemeral(next));
    node.classList.toggle("mentions-me", (next.mentions ?? []).some((user) => user.id === state.me.id));
    node.classList.toggle("thinking", isLoading(next));
    for (const [name, pick, draw] of SECTIONS) {
      const signature = JSON.stringify(pick(next)) ?? "";
      if (signatures[name] !== signature) redraw(parts[name], draw(next));
      signatures[name] = signature;
    }
  };
  node.fail = (text) => failure.replaceChildren(text ?? "");
  node.update(first);
  return node;
}

/** Replaces what a section shows; focus stays on the same control if that is still there. */
function redraw(part, children) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.key;
  const fresh = h("div", {}, children);
  keepOldPicture(part, fresh);
  part.replaceChildren(...fresh.childNodes);
  if (!focused) return;
  const same = key && [...part.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key && !node.disabled);
  (same ?? part.closest(".message")).focus({ preventScroll: true });
}

function context(message) {
  const name = commandName(message);
  const user = message.interaction?.user ?? message.interaction_metadata?.user;
  const lines = [];
  const ofCommand = isEphemeral(message) && name; // its follow-up: what it refers to may have been deleted since
  if (message.message_reference && message.type === 19 && !ofCommand) lines.push(replyLine(message));
  if (name) lines.push(h("div", { class: "used" }, avatar(state.users.get(user.id) ?? user, "tiny"), t("used", { name: nameOf(state.users.get(user.id) ?? user) }), " ", h("b", {}, name === name.toLowerCase() ? `/${name}` : name)));
  return lines;
}

function replyLine(message) {
  const parent = message.referenced_message;
  if (!parent) return h("div", { class: "reply" }, t("parentGone"));
  const author = authorOf(parent);
  const text = snippet(parent);
  const jump = () => emit("jump", { id: parent.id });
  return h("button", { type: "button", class: "reply", "aria-label": t("jumpTo", { name: nameOf(author), text }), onclick: jump }, avatar(author, "tiny"), h("b", {}, nameOf(author)), h("span", {}, text));
}

/** A message in a few words. */
export function snippet(message) {
  const display = (message.components ?? []).find((each) => each.type === 10)?.content;
  const text = plainText(message.content || display || message.embeds?.[0]?.title || message.embeds?.[0]?.description || "");
  return text || (message.attachments?.[0] ? `[${message.attachments[0].filename}]` : "…");
}

function content(message) {
  if (message.local === "sending") return h("div", { class: "waiting" }, dots(), t("sending"));
  if (message.local === "failed") return h("div", { class: "no-response" }, t("noResponse"));
  if (isLoading(message)) return h("div", { class: "waiting" }, dots(), t("thinking", { name: nameOf(authorOf(message)) }));
  if (message.type === THREAD_CREATED) return h("div", { class: "system" }, t("threadStarted", { name: nameOf(authorOf(message)) }), ": ", message.content);
  if (!message.content) return [];
  const nodes = markdown(message.content);
  if (/^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,30}$/u.test(message.content) && /\p{Extended_Pictographic}/u.test(message.content)) nodes[0].classList.add("jumbo");
  if (message.edited_timestamp) {
    const mark = h("span", { class: "edited", title: formatTime(Date.parse(message.edited_timestamp), "F") }, t("edited"));
    nodes.at(-1).classList.contains("md-text") ? nodes.at(-1).append(" ", mark) : nodes.push(mark);
  }
  return h("div", { class: "markdown" }, nodes);
}

export const dots = () => h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

function thread(message) {
  if (!message.thread) return [];
  const open = () => emit("go", { channel: message.thread.id });
  return h("button", { type: "button", class: "thread-link", onclick: open }, icon("thread"), t("openThread", { name: message.thread.name }));
}

function reactions(message) {
  const list = (message.reactions ?? []).filter((each) => each.count > 0);
  const chips = list.map((each) => {
    const emoji = emojiText(each.emoji);
    const toggle = () => react(message, each.emoji, !each.me);
    return h("button", { type: "button", class: "reaction", "aria-pressed": String(Boolean(each.me)), "aria-label": t("reaction", { emoji, n: each.count }), dataset: { key: `reaction-${emoji}` }, onclick: toggle }, h("span", { class: "emoji" }, emoji), String(each.count));
  });
  if (chips.length) chips.push(iconButton("plus", t("react"), (event) => reactionPalette(event.currentTarget, message), { class: "reaction add" }));
  return chips;
}

export async function react(message, emoji, on) {
  const name = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
  try {
    await api.react(state.me.id, message.channel_id, message.id, name, on);
  } catch (error) {
    toast(t("failed", { text: error.message }));
  }
}

function foot(message) {
  if (!isEphemeral(message)) return [];
  return [icon("eye"), t("onlyYou"), " · ", h("button", { type: "button", class: "linklike", dataset: { key: "dismiss" }, onclick: () => emit("dismiss", message) }, t("dismiss"))];
}
