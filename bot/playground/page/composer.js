// The message box: plain words, or a command with its options.

import { api } from "./api.js";
import { flatten, parseTyped, search } from "./commands.js";
import { dots } from "./message.js";
import { h, icon, nameOf, toast } from "./dom.js";
import { filePicker } from "./files.js";
import { runCommand } from "./interactions.js";
import { commandForm } from "./options.js";
import { channelName, commandsOf, isDirect, state } from "./state.js";
import { createSuggest } from "./suggest.js";
import { t } from "./texts.js";

const MAX_LENGTH = 2000;
const MAX_FILES = 10;
const TYPING_MS = 10000;

const drafts = new Map();
let lastCommand = "";

/** The box for one channel. Answers {node, focus(), run(text), addFile(file), refresh(), typing(user), close()}. */
export function createComposer(channel, { onSent }) {
  const suggest = createSuggest();
  const problem = h("div", { class: "composer-problem", role: "alert" });
  const typing = h("div", { class: "typing", "aria-live": "off" });
  const label = `${isDirect(channel) ? "@" : "#"}${channelName(channel)}`;
  const input = h("textarea", { class: "composer-text", rows: 1, maxlength: MAX_LENGTH, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-label": t("composer", { name: label }), placeholder: t("composerHint", { name: label }), autocomplete: "off", enterkeyhint: "send", oninput: typed, onkeydown: keys, onblur: () => suggest.hide(), onfocus: () => offer() });
  const picker = filePicker({ max: MAX_FILES, label: t("attach"), bare: true });
  const words = [input, picker.node];
  const slot = h("div", { class: "composer-slot" }, words);
  const send = h("button", { type: "submit", class: "icon-button send", "aria-label": t("send"), title: t("send") }, icon("send"));
  const node = h("form", { class: "composer", onsubmit: submit, autocomplete: "off" }, suggest.node, problem, h("div", { class: "composer-box" }, slot, send), typing);
  let entries = [];
  let form = null;
  const typists = new Map();
  input.id = "composer-input";
  input.value = drafts.get(channel.id) ?? "";
  const loaded = refresh();

  async function refresh() {
    try {
      entries = flatten(await commandsOf(channel.id));
    } catch (error) {
      toast(t("failed", { text: error.message }));
    }
    if (!form && document.activeElement === input) offer();
  }

  const say = (text) => problem.replaceChildren(text);

  // Plain words

  function typed() {
    say("");
    fit();
    drafts.set(channel.id, input.value);
    const found = /^\/\S.*\s/s.test(input.value) ? parseTyped(input.value, entries) : null;
    // The whole name of a command without a word more is not yet a command that was begun: `/prefer remix`.
    if (found && input.value.length > found.entry.name.length + 1) enter(found.entry, found.values);
    else offer();
  }

  function fit() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }

  function offer() {
    if (form) return;
    if (!/^\/[^\n]*$/.test(input.value)) return suggest.hide();
    const found = search(entries, input.value.slice(1));
    const rows = found.map((entry) => ({ label: `/${entry.name}`, description: entry.description, note: state.application.name, pick: () => enter(entry, new Map()) }));
    suggest.show(rows, { input, title: t(found.length ? "commands" : "noCommands"), first: true });
  }

  function keys(event) {
    if (event.isComposing) return;
    const exact = event.key === "Enter" && parseTyped(input.value, entries);
    if (!exact && suggest.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (exact) enter(exact.entry, exact.values);
      node.requestSubmit();
    } else if (event.key === "ArrowUp" && !input.value && lastCommand) {
      event.preventDefault();
      input.value = lastCommand;
      typed();
    }
  }

  // Commands

  function enter(entry, values) {
    form = commandForm(entry, values, { suggest, onLeave: leave, onProblem: say });
    input.value = "";
    input.id = "";
    drafts.delete(channel.id);
    slot.replaceChildren(form.node);
    node.classList.add("commanding");
    if (entry.options.length) form.focus();
    else send.focus(); // so that Enter sends it
  }

  function leave(text) {
    form = null;
    input.id = "composer-input";
    input.value = text;
    node.classList.remove("commanding");
    slot.replaceChildren(...words);
    say("");
    fit();
    input.focus();
    if (!text) suggest.hide();
  }

  // Sending

  async function submit(event) {
    event.preventDefault();
    await loaded;
    if (form) return submitCommand();
    const content = input.value.trim();
    if (!content && !picker.count()) return undefined;
    const found = parseTyped(content, entries);
    if (found) {
      enter(found.entry, found.values);
      return submitCommand();
    }
    if (/^\/[\p{L}_-]/u.test(content)) return say(t("noCommands"));
    return submitWords(content);
  }

  async function submitCommand() {
    const sent = form;
    const data = await sent.data();
    if (!data || form !== sent) return;
    lastCommand = sent.text() || `/${data.label}`;
    leave("");
    onSent();
    const result = await runCommand(data);
    if (result.state === "error") say(result.text);
  }

  async function submitWords(content) {
    const files = await picker.ids();
    input.value = "";
    picker.clear();
    drafts.delete(channel.id);
    fit();
    onSent();
    try {
      await api.say(state.me.id, channel.id, content, files);
    } catch (error) {
      if (!input.value) input.value = content;
      say(t("failed", { text: error.message }));
    }
  }

  /** Types a whole command for the person and sends it. */
  async function run(text) {
    await loaded;
    if (form) leave("");
    const found = parseTyped(text, entries);
    if (!found) {
      input.value = text;
      input.focus();
      return offer();
    }
    enter(found.entry, found.values);
    return submitCommand();
  }

  function addFile(file) {
    if (!form) picker.add(file);
    else if (!form.addFile(file)) toast(t("noPlaceForFile"));
  }

  // Others at work

  function showTyping(user) {
    clearTimeout(typists.get(user.id)?.timer);
    typists.set(user.id, { user, timer: setTimeout(() => stopTyping(user.id), TYPING_MS) });
    drawTyping();
  }

  function stopTyping(id) {
    clearTimeout(typists.get(id)?.timer);
    if (typists.delete(id)) drawTyping();
  }

  function drawTyping() {
    const names = [...typists.values()].map(({ user }) => nameOf(user)).join(", ");
    typing.replaceChildren(...(names ? [dots(), t("typing", { name: names })] : []));
  }

  function close() {
    for (const { timer } of typists.values()) clearTimeout(timer);
  }

  return { node, focus: () => (form ? form.focus() : input.focus()), run, addFile, refresh, typing: showTyping, stopTyping, close, fit: () => !form && fit() };
}
