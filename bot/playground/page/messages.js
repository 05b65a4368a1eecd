// The list of messages: keyed by id, changed in place, and never moving under the reader's eyes.

import { api } from "./api.js";
import { announce, avatar, h, icon, nameOf, toast } from "./dom.js";
import { authorOf, isEphemeral, isLoading, messageNode, snippet } from "./message.js";
import { refreshTimes } from "./markdown.js";
import { channelName, hasApp, now, state } from "./state.js";
import { sameDay, t } from "./texts.js";

const PAGE = 50;
const KEPT = 200; // nodes kept while reading the newest; older ones are fetched again on the way up
const TRIM_MS = 250;
const GROUP_MS = 7 * 60 * 1000;
const NEAR_BOTTOM = 48;

/** The list for one channel. `empty` is shown before the first message. */
export function createList(channel, empty) {
  const items = new Map(); // id → {node, order}
  const list = h("div", { class: "messages", role: "feed", "aria-label": t("messages", { name: channelName(channel) }) });
  const older = h("button", { type: "button", class: "button secondary older", hidden: true, onclick: () => loadOlder() }, t("loadOlder"));
  const inner = h("div", { class: "scroller-inner" }, empty, older, list);
  const scroller = h("div", { class: "scroller", onscroll: scrolled }, inner);
  const toBottom = h("button", { type: "button", class: "to-bottom", hidden: true, onclick: stick }, icon("down"), t("newMessages"));
  const node = h("div", { class: "list" }, scroller, toBottom);
  const watch = new ResizeObserver(() => stuck && bottom());
  const clock = setInterval(() => refreshTimes(list), 10000);
  let stuck = true;
  let lastTop = 0;
  let trimming = 0;
  let busy = false;
  let complete = true;
  let active = null;
  let loading = Promise.resolve();
  let live = null; // ids that events changed while a page was on its way
  watch.observe(scroller);
  watch.observe(inner);

  // Scrolling

  function bottom() {
    scroller.scrollTop = scroller.scrollHeight;
    lastTop = scroller.scrollTop;
  }

  function stick() {
    stuck = true;
    toBottom.hidden = true;
    bottom();
  }

  function scrolled() {
    // Only the reader's way up lets go of the bottom: what grows beneath is followed when it has been laid out.
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM) stuck = true;
    else if (scroller.scrollTop < lastTop) stuck = false;
    lastTop = scroller.scrollTop;
    toBottom.hidden = stuck;
    if (scroller.scrollTop < 300 && !complete) loadOlder();
  }

  /** Runs `change`, leaving what is at the top of the view where it is. At the bottom the observer keeps it there. */
  function steady(change) {
    if (stuck) return change();
    const top = scroller.getBoundingClientRect().top;
    const anchor = [...list.children].find((child) => child.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  // Messages

  function put(message) {
    const known = items.get(message.id);
    if (known) known.node.update(message);
    else insert(message);
    const shown = items.get(message.id).node;
    setStops(shown, shown === active);
  }

  function insert(message) {
    const order = message.local ? lastOrder() + 1n : BigInt(message.id);
    const created = messageNode(message);
    let after = list.lastElementChild;
    while (after && items.get(after.dataset.id).order > order) after = after.previousElementSibling;
    if (after) after.after(created);
    else list.prepend(created);
    items.set(message.id, { node: created, order });
    group(created);
    if (created.nextElementSibling) group(created.nextElementSibling);
    if (!list.contains(document.activeElement) && created === list.lastElementChild) activate(created);
  }

  function tell(message) {
    if (message.author.id === state.me.id) return;
    const name = nameOf(authorOf(message));
    announce(isLoading(message) ? t("thinking", { name }) : t("arrived", { name, text: snippet(message) }));
  }

  function firstOrder() {
    return items.get(list.firstElementChild?.dataset.id)?.order ?? 0n;
  }

  function lastOrder() {
    return items.get(list.lastElementChild?.dataset.id)?.order ?? 0n;
  }

  /** Follows the message before it without a head of its own, or begins a day. */
  function group(shown) {
    const message = shown.message;
    const before = shown.previousElementSibling?.message;
    const at = Date.parse(message.timestamp);
    const newDay = !before || !sameDay(at, Date.parse(before.timestamp));
    const alone = message.message_reference || message.interaction || message.interaction_metadata?.type === 2;
    const follows = before && !newDay && !alone && before.author.id === message.author.id && isEphemeral(before) === isEphemeral(message);
    shown.classList.toggle("new-day", newDay);
    shown.classList.toggle("follows", Boolean(follows && at - Date.parse(before.timestamp) < GROUP_MS));
  }

  function remove(id) {
    const found = items.get(id);
    if (!found) return;
    live?.add(id);
    const { node: gone } = found;
    const next = gone.nextElementSibling ?? gone.previousElementSibling;
    const focused = gone.contains(document.activeElement);
    steady(() => {
      items.delete(id);
      gone.remove();
      if (next) group(next);
    });
    if (gone === active) active = null;
    if (next && (focused || !active)) activate(next);
    if (focused) (next ?? document.getElementById("composer-input"))?.focus({ preventScroll: true });
  }

  function upsert(message) {
    live?.add(message.id);
    const fresh = !items.has(message.id);
    if (fresh && !complete && BigInt(message.id) < firstOrder()) return;
    const waited = isLoading(items.get(message.id)?.node.message ?? {});
    steady(() => put(message));
    if (fresh || (waited && !isLoading(message))) tell(message);
    trimming ||= setTimeout(trim, TRIM_MS);
  }

  function trim() {
    trimming = 0;
    if (!stuck) return;
    while (list.childElementCount > KEPT) {
      const first = list.firstElementChild;
      if (first.contains(document.activeElement) || first === active) break;
      items.delete(first.dataset.id);
      first.remove();
      complete = false;
    }
    if (list.firstElementChild) group(list.firstElementChild);
    older.hidden = complete;
  }

  // Fetching

  async function fetchPage(before) {
    live = new Set();
    const page = await api.messages(state.me.id, channel.id, before, PAGE);
    const untouched = page.filter((message) => !live.has(message.id));
    live = null;
    return { page, untouched };
  }

  /** The newest messages, at first and after a reconnection. */
  function load() {
    loading = loadNewest();
    return loading;
  }

  async function loadNewest() {
    busy = true;
    try {
      const { page, untouched } = await fetchPage();
      const ids = new Set(page.map((message) => message.id));
      if (page.length === PAGE && !page.some((message) => items.has(message.id))) clear(); // too much was missed
      const oldest = page[0]?.id;
      const isGone = (id) => !id.startsWith("local-") && !ids.has(id) && (!oldest || BigInt(id) > BigInt(oldest));
      const newest = page.at(-1)?.id ?? "0";
      for (const id of [...items.keys()]) if (isGone(id) && BigInt(id) <= BigInt(newest)) remove(id);
      if (!items.size) complete = page.length < PAGE;
      steady(() => untouched.forEach(put));
      older.hidden = complete;
      empty.hidden = !complete || items.size > 0;
    } catch (error) {
      toast(t("failed", { text: error.message }));
    } finally {
      busy = false;
    }
  }

  function clear() {
    items.clear();
    list.replaceChildren();
    active = null;
  }

  async function loadOlder() {
    if (busy || complete) return;
    busy = true;
    try {
      const first = [...list.children].find((child) => !child.message.local);
      const { page, untouched } = await fetchPage(first?.dataset.id);
      complete = page.length < PAGE;
      const was = stuck;
      stuck = false;
      steady(() => untouched.forEach(put));
      stuck = was;
      older.hidden = complete;
    } catch (error) {
      toast(t("failed", { text: error.message }));
    } finally {
      busy = false;
    }
  }

  /** Scrolls to a message, fetching back to it when it is not here. */
  async function jump(id) {
    await loading;
    for (let page = 0; page < 20 && !items.has(id) && !complete; page += 1) await loadOlder();
    const found = items.get(id)?.node;
    if (!found) return toast(t("parentGone"));
    stuck = false;
    found.scrollIntoView({ block: "center" });
    activate(found);
    found.focus({ preventScroll: true });
    found.classList.remove("flash");
    requestAnimationFrame(() => found.classList.add("flash"));
  }

  // Keyboard: one message at a time is on the way of the Tab key, with its own controls

  function setStops(shown, on) {
    for (const control of shown.querySelectorAll("button, a, [role=button], video")) control.tabIndex = on ? 0 : -1;
  }

  function activate(shown) {
    if (active === shown) return;
    if (active) {
      active.tabIndex = -1;
      setStops(active, false);
    }
    active = shown;
    shown.tabIndex = 0;
    setStops(shown, true);
  }

  list.addEventListener("focusin", (event) => {
    const shown = event.target.closest(".message");
    if (shown) activate(shown);
  });

  list.addEventListener("keydown", (event) => {
    const shown = event.target.closest(".message");
    if (!shown || event.defaultPrevented || event.target.closest(".popup")) return;
    const to = { ArrowUp: shown.previousElementSibling, ArrowDown: shown.nextElementSibling, Home: list.firstElementChild, End: list.lastElementChild }[event.key];
    if (to) {
      event.preventDefault();
      to.focus({ preventScroll: true });
      to.scrollIntoView({ block: "nearest" });
    } else if (["ArrowRight", "ArrowLeft"].includes(event.key)) walk(event, shown);
    else if (event.key === "Escape") document.getElementById("composer-input")?.focus();
  });

  function walk(event, shown) {
    const controls = [shown, ...shown.querySelectorAll("button:not([disabled]), a[href], [role=button]")].filter((control) => control.checkVisibility());
    const at = controls.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1);
    event.preventDefault();
    controls[Math.max(0, Math.min(controls.length - 1, at))].focus();
  }

  // Words of the page itself among the messages

  /** A line for a command on its way, or one that nobody answered. */
  function note({ id, kind, name }) {
    if (kind === "done") return remove(id);
    const author = state.users.get(state.application.id) ?? { id: state.application.id, username: state.application.name, bot: true };
    const timestamp = items.get(id)?.node.message.timestamp ?? new Date(now()).toISOString();
    const interaction = { type: 2, name, user: state.me };
    const message = { id, local: kind, type: 20, content: "", flags: 64, timestamp, channel_id: channel.id, author: { ...author, bot: true }, interaction };
    if (kind === "sending") stick();
    steady(() => put(message));
    if (kind === "failed") announce(t("noResponse"), true);
    empty.hidden = true;
  }

  function fail(id, text) {
    steady(() => items.get(id)?.node.fail(text));
    if (text) announce(text, true);
  }

  function close() {
    watch.disconnect();
    clearInterval(clock);
    clearTimeout(trimming);
  }

  return {
    node,
    load,
    jump,
    note,
    fail,
    stick,
    remove,
    upsert: (message) => {
      empty.hidden = true;
      upsert(message);
    },
    close,
    focus: () => active?.focus(),
  };
}

/** What an empty channel says: a welcome, and prompts to press. */
export function welcome(channel, onTry) {
  const bot = state.users.get(state.application.id) ?? { username: state.application.name };
  return h(
    "div",
    { class: "welcome", hidden: true },
    avatar({ color: "#c98a2b", ...bot }, "large"),
    h("h2", {}, t("welcome", { name: channelName(channel) })),
    h("p", { class: "what" }, t("what")),
    hasApp(channel) && state.tries.length > 0 && h("p", {}, t("welcomeText")),
    h("div", { class: "tries" }, (hasApp(channel) ? state.tries : []).map((each) => h("button", { type: "button", class: "try", "aria-label": t("runTry", { text: each.text }), onclick: () => onTry(each.text) }, icon("spark"), h("span", {}, h("b", {}, each.label), h("small", {}, each.text))))),
  );
}
