// The side: servers and their channels, direct messages, who one is, the language, and the bot's state.

import { api } from "./api.js";
import { avatar, h, icon, iconButton, nameOf, roving, toast } from "./dom.js";
import { channelName, emit, hasBot, isDirect, isGroup, isThread, state } from "./state.js";
import { LOCALES, currentLocale, t } from "./texts.js";

/** Answers {node, refresh(), bot(), own()}. Emits `go {channel}`, `user {id}`, `app {installed?, dms_open?}`, `locale {locale}`, `drawer {open}`. */
export function createSidebar() {
  const lists = h("nav", { class: "channels", "aria-label": t("channels") });
  const status = h("div", { class: "bot" });
  const account = h("div", { class: "account" });
  const close = iconButton("close", t("closeChannels"), () => emit("drawer", { open: false }), { class: "drawer-close" });
  const brand = h("div", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }), h("h1", {}, "Lienzo"), close);
  const node = h("aside", { class: "sidebar", id: "sidebar" }, brand, h("p", { class: "what" }, t("what")), lists, status, people(account), language());
  roving(lists, () => [...lists.querySelectorAll("button")]);

  function refresh() {
    const focused = document.activeElement?.dataset.channel;
    const all = [...state.channels.values()];
    const guilds = state.guilds.map((guild) => group(guild.name, tree(all.filter((each) => each.guild_id === guild.id))));
    lists.replaceChildren(...guilds, group(t("directMessages"), [...all.filter(isDirect).map(link), !all.some((each) => isDirect(each) && hasBot(each)) && openDirect()].filter(Boolean)));
    if (focused) lists.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Channels in their order, each followed by its threads. */
  function tree(all) {
    const tops = all.filter((each) => !isThread(each)).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    return tops.flatMap((each) => [link(each), ...all.filter((other) => isThread(other) && other.parent_id === each.id).map(link)]);
  }

  function group(name, links) {
    return h("section", {}, h("h2", {}, name), h("ul", {}, links.map((each) => h("li", {}, each))));
  }

  function link(channel) {
    const here = channel.id === state.channelId;
    const unread = state.unread.get(channel.id) ?? 0;
    const kind = isThread(channel) ? "thread" : isGroup(channel) ? "group" : isDirect(channel) ? "at" : "hash";
    return h(
      "button",
      { type: "button", class: `channel ${isThread(channel) ? "nested" : ""} ${unread ? "unread" : ""}`, tabindex: here ? "0" : "-1", "aria-current": here ? "page" : null, dataset: { channel: channel.id }, onclick: () => emit("go", { channel: channel.id }) },
      icon(kind),
      h("span", { class: "channel-name" }, channelName(channel)),
      unread > 0 && h("span", { class: "badge", "aria-label": t("unread", { n: unread }) }, String(unread)),
    );
  }

  function openDirect() {
    const name = state.application.name;
    return h("button", { type: "button", class: "channel", tabindex: "-1", onclick: () => emit("open-dm") }, icon("at"), h("span", { class: "channel-name" }, t("writeBot", { name })));
  }

  function bot() {
    const { status: now, can_restart: can } = state.bot;
    const act = (verb, name, label, props = {}) => h("button", { type: "button", class: "button secondary small", dataset: { key: verb }, onclick: () => command(verb), ...props }, icon(name), t(label));
    const buttons = now === "offline" ? [act("start", "play", "start")] : [act("restart", "restart", "restart", { title: t("restartHint") }), act("kill", "stop", "kill")];
    const focused = status.contains(document.activeElement);
    status.replaceChildren(h("div", { class: "bot-line", role: "status" }, h("span", { class: `lamp ${now}`, "aria-hidden": "true" }), h("b", {}, state.application.name), h("span", { class: "bot-status" }, t(now))), can ? h("div", { class: "bot-buttons" }, buttons) : "");
    if (focused) status.querySelector("button")?.focus();
  }

  /** What one's own account has to do with the application. */
  function own() {
    const { name } = state.application;
    const { installed, dms_open: open } = state.me;
    account.replaceChildren(
      toggle("installed", installed, t("onAccount", { name }), t("onAccountHint", { name })),
      toggle("dms_open", open, t("takesDms", { name }), t("takesDmsHint", { name })),
    );
  }

  function toggle(key, on, label, hint) {
    const act = () => emit("app", { [key]: !on });
    return h("button", { type: "button", role: "switch", class: "toggle", "aria-checked": String(on), title: hint, dataset: { key }, onclick: act }, h("span", { class: "track", "aria-hidden": "true" }), h("span", {}, label));
  }

  async function command(verb) {
    try {
      await api.bot(verb);
    } catch (error) {
      toast(t("failed", { text: error.message }));
    }
  }

  refresh();
  bot();
  own();
  return { node, refresh, bot, own };
}

function people(account) {
  const choose = (user) =>
    h(
      "button",
      { type: "button", class: "person", "aria-pressed": String(user.id === state.me.id), "aria-label": user.id === state.me.id ? `${t("youAre")} ${nameOf(user)}` : t("switchUser", { name: nameOf(user) }), dataset: { user: user.id }, onclick: () => emit("user", { id: user.id }) },
      avatar(user, "small"),
      h("span", {}, nameOf(user)),
    );
  const persons = [...state.users.values()].filter((user) => !user.bot);
  return h("div", { class: "people", role: "group", "aria-label": t("youAre") }, h("span", { class: "side-label" }, t("youAre")), h("div", { class: "persons" }, persons.map(choose)), account);
}

function language() {
  const options = LOCALES.map(([value, name]) => h("option", { value, lang: value, selected: value === currentLocale() }, name));
  const chooser = h("select", { id: "language", onchange: (event) => emit("locale", { locale: event.target.value }) }, options);
  return h("label", { class: "language" }, h("span", { class: "side-label" }, t("language")), chooser);
}
