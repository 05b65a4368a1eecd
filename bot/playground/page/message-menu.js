// What can be done with a message: the application's own commands, copying, reacting.

import { h, icon, nameOf, roving, toast } from "./dom.js";
import { runCommand } from "./interactions.js";
import { authorOf, isEphemeral, react } from "./message.js";
import { openMenu, openPopup } from "./popup.js";
import { commandsOf, state } from "./state.js";
import { t } from "./texts.js";

const PALETTE = ["❌", "✉️", "⭐", "❤️", "👍"];

/** A small palette of emoji; the arrows move in it. */
export function reactionPalette(anchor, message) {
  const buttons = PALETTE.map((emoji, index) =>
    h("button", { type: "button", class: "palette-item emoji", tabindex: index ? "-1" : "0", "aria-label": t("reactWith", { emoji }), onclick: () => (close(true), react(message, { name: emoji }, true)) }, emoji),
  );
  const palette = h("div", { class: "palette", role: "group", "aria-label": t("react") }, buttons);
  const close = openPopup(anchor, palette, { align: "end" });
  roving(palette, () => buttons, ["ArrowLeft", "ArrowRight"]);
  buttons[0].focus();
}

export async function messageMenu(anchor, message) {
  const commands = await commandsOf(state.channelId).catch(() => []);
  const localized = (command) => command.name_localized ?? command.name;
  const author = authorOf(message);
  const ofType = (type) => commands.filter((command) => command.type === type);
  const entry = (command, target) => ({
    label: localized(command),
    icon: icon("spark"),
    run: () => runCommand({ id: command.id, name: command.name, type: command.type, target_id: target, label: command.name }),
  });
  const onMessage = isEphemeral(message) ? [] : ofType(3).map((command) => entry(command, message.id));
  const onAuthor = message.author.bot ? [] : ofType(2).map((command) => entry(command, message.author.id));
  const point = anchor instanceof Element ? anchor : null;
  const entries = [
    ...(onMessage.length ? [{ heading: t("apps") }, ...onMessage] : []),
    ...(onAuthor.length ? [{ heading: t("onAuthor", { name: nameOf(author) }) }, ...onAuthor] : []),
    ...(isEphemeral(message) ? [] : [{ label: t("react"), icon: icon("smile"), run: () => reactionPalette(point ?? anchor, message) }]),
    ...(message.content ? [{ label: t("copyText"), icon: icon("file"), run: () => copy(message.content) }] : []),
    { label: t("copyId"), icon: icon("hash"), run: () => copy(message.id) },
  ];
  openMenu(anchor, entries, t("more"), { align: point ? "end" : "start" });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch (error) {
    toast(t("failed", { text: error.message }));
  }
}
