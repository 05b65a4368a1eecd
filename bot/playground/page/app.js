// Starts the page and puts its parts together.

import { api, listen } from "./api.js";
import { createComposer } from "./composer.js";
import { announce, h, icon, iconButton, toast } from "./dom.js";
import { settle } from "./interactions.js";
import { createList, welcome } from "./messages.js";
import { openModal } from "./modal.js";
import { closePopup, openMenu } from "./popup.js";
import { createSidebar } from "./sidebar.js";
import { addChannel, channelName, forgetCommands, guild, hasApp, isDirect, isGroup, isThread, loadWorld, on, state } from "./state.js";
import { localeFor, setLocale, t } from "./texts.js";

const root = document.getElementById("app");
const main = h("main", { class: "main" });
let sidebar = null;
let view = null; // {list, composer} of the open channel
let stopListening = () => {};
let starts = 0;
let language = new URLSearchParams(location.search).get("language"); // as chosen in the box; until then the browser's

/** Everything anew for one user: at the start, on switching users and on changing the language. */
async function start(user, channelId) {
  const turn = (starts += 1);
  const world = await api.world(user ?? (await newcomer()));
  if (turn !== starts) return;
  stopListening();
  closePopup();
  loadWorld(world);
  setLocale(localeFor(language ? [language] : navigator.languages)); // the reader's own, whoever they write as
  document.title = t("title");
  state.unread.clear();
  const choosing = document.activeElement?.id === "language";
  sidebar = createSidebar();
  root.replaceChildren(skipLink(), sidebar.node, veil(), main);
  stopListening = listen(state.me.id, { onEvent: receive, onOpen: opened, onLost: lost });
  go(state.channels.has(channelId) ? channelId : firstChannel());
  if (choosing) document.getElementById("language").focus();
}

/** Who one is where nobody was named: the first person who reads a language of the browser's, else English, else anyone. */
async function newcomer() {
  const people = (await api.world()).users.filter((user) => !user.bot);
  const tongue = (locale) => locale.toLowerCase().split("-")[0];
  const readers = [...navigator.languages, "en"].map((wanted) => people.find((user) => tongue(user.locale) === tongue(wanted)));
  return (readers.find(Boolean) ?? people[0])?.id;
}

const skipLink = () => h("a", { class: "skip", href: "#composer-input", onclick: (event) => (event.preventDefault(), view.composer.focus()) }, t("skip"));
const veil = () => h("div", { class: "veil", onclick: () => drawer(false) });
const firstChannel = () => ([...state.channels.values()].find((each) => !isDirect(each) && !isThread(each)) ?? [...state.channels.values()][0]).id;

function go(channelId) {
  if (!state.channels.has(channelId)) return toast(t("parentGone"));
  view?.list.close();
  view?.composer.close();
  closePopup();
  state.channelId = channelId;
  state.unread.delete(channelId);
  history.replaceState(null, "", `?user=${state.me.id}&channel=${channelId}${language ? `&language=${encodeURIComponent(language)}` : ""}`);
  const channel = state.channels.get(channelId);
  const composer = createComposer(channel, { onSent: () => view.list.stick() });
  const list = createList(channel, welcome(channel, composer.run));
  view = { list, composer };
  main.replaceChildren(header(channel, composer), offlineBar(), list.node, ...(hasApp(channel) ? [] : [installBar()]), composer.node);
  sidebar.refresh();
  drawer(false);
  list.load();
  if (!matchMedia("(hover: none)").matches) composer.focus();
  return composer.fit();
}

function header(channel, composer) {
  const tries = (hasApp(channel) ? state.tries : []).map((each) => ({ label: each.label, note: each.text, icon: icon("spark"), run: () => composer.run(each.text) }));
  const button = h("button", { type: "button", class: "button secondary try-button", "aria-haspopup": "menu", onclick: () => openMenu(button, tries, t("tryPrompts"), { align: "end" }) }, icon("spark"), h("span", {}, t("tryPrompts")));
  return h(
    "header",
    { class: "top" },
    iconButton("menu", t("openChannels"), () => drawer(true), { class: "drawer-open", "aria-controls": "sidebar" }),
    icon(isThread(channel) ? "thread" : isGroup(channel) ? "group" : isDirect(channel) ? "at" : "hash"),
    h("h2", {}, channelName(channel)),
    guild() && h("span", { class: "where" }, guild().name),
    channel.topic && h("p", { class: "topic" }, channel.topic),
    h("span", { class: "spring" }),
    tries.length > 0 && button,
  );
}

const offlineBar = () => h("div", { class: "connection-lost", role: "status", hidden: state.online }, t("connectionLost"));

/** Where the bot is not: what one has to do to use it there. */
function installBar() {
  const { name } = state.application;
  const add = () => attempt(() => api.app(state.me.id, { installed: true }));
  return h("div", { class: "install-bar", role: "note" }, h("span", {}, t("notHere", { name })), h("button", { type: "button", class: "button primary small", onclick: add }, t("installApp", { name })));
}

function drawer(open) {
  const was = root.classList.contains("drawer");
  root.classList.toggle("drawer", open);
  if (open) sidebar.node.querySelector(".channel[aria-current]")?.focus();
  else if (was) main.querySelector(".drawer-open")?.focus();
}

// The connection

function lost() {
  state.online = false;
  main.querySelector(".connection-lost")?.removeAttribute("hidden");
}

async function opened(again) {
  state.online = true;
  main.querySelector(".connection-lost")?.setAttribute("hidden", "");
  if (!again) return;
  try {
    loadWorld(await api.world(state.me.id));
  } catch {
    return start(undefined, state.channelId); // another run of the playground, with other people
  }
  if (!state.channels.has(state.channelId)) return go(firstChannel());
  announce(t("connectionBack"));
  sidebar.refresh();
  sidebar.bot();
  view.composer.refresh();
  return view.list.load();
}

const HANDLERS = {
  message_create({ message }) {
    if (message.channel_id === state.channelId) {
      view.composer.stopTyping(message.author.id);
      return view.list.upsert(message);
    }
    state.unread.set(message.channel_id, (state.unread.get(message.channel_id) ?? 0) + 1);
    return sidebar.refresh();
  },
  message_update: ({ message }) => message.channel_id === state.channelId && view.list.upsert(message),
  message_delete: ({ channel_id: channelId, id }) => channelId === state.channelId && view.list.remove(id),
  channel_create({ channel }) {
    addChannel(channel);
    sidebar.refresh();
  },
  typing({ channel_id: channelId, user_id: userId }) {
    const user = state.users.get(userId) ?? { id: userId, username: state.application.name };
    if (channelId === state.channelId && userId !== state.me.id) view.composer.typing(user);
  },
  interaction: settle,
  channel_delete({ id }) {
    state.channels.delete(id);
    if (id === state.channelId) go(firstChannel());
    sidebar.refresh();
  },
  commands() {
    forgetCommands();
    view.composer.refresh();
  },
  bot({ type: _, ...bot }) {
    state.bot = { ...state.bot, ...bot };
    sidebar.bot();
  },
  user({ user }) {
    state.users.set(user.id, user);
    if (user.id !== state.me.id) return;
    const before = state.me;
    state.me = user;
    if (user.locale !== before.locale) attempt(() => start(state.me.id, state.channelId));
    else changed(before);
  },
};

const receive = (event) => HANDLERS[event.type]?.(event);

/** One's own account was changed: what is offered here may be another thing now. */
function changed(before) {
  const key = document.activeElement?.dataset.key;
  forgetCommands();
  if (before.installed !== state.me.installed) go(state.channelId);
  sidebar.own();
  if (key) sidebar.node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    toast(t("failed", { text: error.message }));
  }
}

on("go", ({ channel }) => go(channel));
on("drawer", ({ open }) => drawer(open));
on("user", ({ id }) => attempt(() => start(id, state.channelId)));
on("locale", ({ locale }) =>
  attempt(async () => {
    document.getElementById("language").focus();
    language = locale;
    await api.locale(state.me.id, locale);
    await start(state.me.id, state.channelId);
  }),
);
on("open-dm", () =>
  attempt(async () => {
    const channel = await api.dm(state.me.id);
    addChannel(channel);
    go(channel.id);
  }),
);
on("jump", async ({ id, channel }) => {
  if (channel && !state.channels.has(channel)) return toast(t("parentGone"));
  if (channel && channel !== state.channelId) go(channel);
  if (id) await view.list.jump(id);
});
on("app", (changes) => attempt(() => api.app(state.me.id, changes)));
on("note", (note) => note.channelId === state.channelId && view.list.note(note));
on("component-failed", ({ message, text }) => view.list.fail(message, text));
on("modal", openModal);
on("dismiss", (message) => {
  if (message.local) return view.list.remove(message.id);
  return attempt(async () => {
    await api.dismiss(state.me.id, message.channel_id, message.id);
    view.list.remove(message.id);
  });
});

for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (type === "drop") [...event.dataTransfer.files].forEach(view.composer.addFile);
  });
}

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || event.target.closest("dialog")) return;
  event.preventDefault();
  files.forEach(view.composer.addFile);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.classList.contains("drawer")) drawer(false);
  const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (typing && !event.target.closest("input, textarea, select, dialog, .popup, .sidebar")) view?.composer.focus();
});

const wanted = new URLSearchParams(location.search);
start(wanted.get("user") ?? undefined, wanted.get("channel"))
  .catch(() => start(undefined, null))
  .catch((error) => toast(error.message));
