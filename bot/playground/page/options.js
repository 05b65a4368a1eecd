// The chips of a command: one for each option in use, with what it may be, checked as Discord checks it.

import { commandData, convert, described, freeOption, ordered, titled, TYPE } from "./commands.js";
import { h, icon, iconButton, uid } from "./dom.js";
import { filePicker } from "./files.js";
import { autocomplete } from "./interactions.js";
import { openMenu } from "./popup.js";
import { channelChoices, people, roleChoices } from "./select.js";
import { t } from "./texts.js";

const DEBOUNCE_MS = 180;

/** The values an option is limited to, as [{name, value}], or null. */
function listOf(option) {
  const named = (choices) => choices.map((choice) => ({ name: choice.label, value: choice.value, lead: choice.lead }));
  if (option.choices?.length) return option.choices.map((choice) => ({ name: titled(choice), value: choice.value }));
  if (option.type === TYPE.BOOLEAN) return [{ name: t("yes"), value: true }, { name: t("no"), value: false }];
  if (option.type === TYPE.USER) return named(people());
  if (option.type === TYPE.CHANNEL) return named(channelChoices(option.channel_types));
  if (option.type === TYPE.ROLE) return named(roleChoices());
  if (option.type === TYPE.MENTIONABLE) return named([...people(), ...roleChoices()]);
  return null;
}

/** The heading above the box: what the option is. */
function explain(option) {
  const kind = [t(`type${option.type}`), t(option.required ? "required" : "optional")].join(", ");
  return [h("b", {}, titled(option)), h("span", { class: "kind" }, kind), h("span", {}, described(option))];
}

/**
 * The form of one command. `hooks`: suggest, onLeave(text), onProblem(text), onMove().
 * Answers {node, focus(), addFile(file): bool, data(): Promise<data|null>, text()}.
 */
export function commandForm(entry, values, hooks) {
  const { suggest, onLeave, onProblem } = hooks;
  const fields = new Map();
  const row = h("div", { class: "chips" });
  const name = h("span", { class: "command-name" }, `/${entry.name}`);
  const more = h("button", { type: "button", class: "button more-options", "aria-haspopup": "menu", onclick: moreMenu }, icon("plus"), h("span", {}, t("options")));
  const leave = iconButton("close", t("leaveCommand"), () => onLeave(""), { class: "leave" });
  const node = h("div", { class: "command-form", role: "group", "aria-label": `/${entry.name}` }, name, row, more, leave);
  const options = ordered(entry.options);
  for (const option of options) if (option.required || values.has(option.name) || option === freeOption(options)) add(option, values.get(option.name));
  refresh();

  function add(option, value) {
    const field = option.type === TYPE.ATTACHMENT ? fileField(option) : textField(option, value ?? "");
    fields.set(option.name, field);
    row.append(field.node);
    refresh();
    return field;
  }

  function refresh() {
    const left = options.filter((option) => !fields.has(option.name));
    more.hidden = !left.length;
    more.lastChild.textContent = `${t("options")} (${left.length})`;
  }

  function moreMenu() {
    const left = options.filter((option) => !fields.has(option.name));
    const entries = left.map((option) => ({ label: titled(option), note: described(option), run: () => add(option).focus() }));
    suggest.hide();
    openMenu(more, entries, t("addOption"));
  }

  function removeField(option, back = true) {
    const at = [...fields.keys()].indexOf(option.name);
    fields.get(option.name).node.remove();
    fields.delete(option.name);
    refresh();
    onProblem("");
    if (back) ([...fields.values()][Math.max(0, at - 1)]?.focus ?? (() => more.focus()))();
  }

  function chip(option, control, id) {
    const label = h("label", { class: "chip-label", for: id, title: described(option) }, titled(option), option.required && h("span", { class: "star", "aria-hidden": "true" }, "*"));
    const remove = !option.required && option !== freeOption(options) && iconButton("close", t("removeOption", { name: titled(option) }), () => removeField(option), { class: "chip-remove" });
    return h("div", { class: "chip", dataset: { option: option.name } }, label, control, remove);
  }

  function fileField(option) {
    const picker = filePicker({ label: titled(option), key: option.name, onChange: () => invalid(field, null) });
    const field = { option, node: chip(option, picker.node), focus: () => picker.button.focus(), picker };
    picker.button.addEventListener("focus", () => suggest.show([], { input: picker.button, title: explain(option) }));
    field.read = async () => (picker.count() ? { value: (await picker.ids())[0] } : null);
    return field;
  }

  function textField(option, value) {
    const free = option === freeOption(options) && option.type === TYPE.STRING && !option.choices?.length;
    const id = fields.size ? uid("option") : "composer-input";
    const numeric = { [TYPE.INTEGER]: "numeric", [TYPE.NUMBER]: "decimal" }[option.type];
    const props = { id, class: "chip-input", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", autocomplete: "off", spellcheck: "false", "aria-required": option.required ? "true" : null, "aria-description": described(option), "aria-label": `${titled(option)}, ${t(`type${option.type}`)}, ${t(option.required ? "required" : "optional")}`, maxlength: option.max_length };
    const input = free ? h("textarea", { ...props, rows: 1, enterkeyhint: "send" }) : h("input", { ...props, type: "text", inputmode: numeric, enterkeyhint: "send" });
    input.value = value;
    const field = { option, input, free, node: chip(option, input, id), chosen: null, choices: null, focus: () => input.focus() };
    if (free) field.node.classList.add("wide");
    field.read = async () => read(field);
    input.addEventListener("input", (event) => edited(field, event));
    input.addEventListener("focus", () => offer(field));
    input.addEventListener("blur", () => suggest.hide());
    input.addEventListener("keydown", (event) => keys(field, event));
    fit(field);
    return field;
  }

  function fit({ input, free }) {
    if (!free) {
      input.size = Math.max(5, Math.min(40, [...input.value].length + 1));
      return;
    }
    input.style.height = "auto";
    if (input.scrollHeight) input.style.height = `${input.scrollHeight}px`;
  }

  function edited(field, event) {
    const { input, option } = field;
    field.chosen = null;
    const own = `${option.name}:`;
    if (input.value.toLowerCase().startsWith(own) && !input.value.startsWith(`${own}//`)) input.value = input.value.slice(own.length).trimStart();
    if (/^\s/.test(input.value)) input.value = input.value.trimStart();
    invalid(field, null);
    onProblem("");
    fit(field);
    if (field.free && event.data === ":" && hop(field)) return;
    offer(field, true);
  }

  /** ` name:` typed at the end of the free text moves on to that option. */
  function hop(field) {
    const words = /(?:^|\s)([\p{L}\p{N}_-]+):$/u.exec(field.input.value);
    const option = words && options.find((each) => [each.name, titled(each)].includes(words[1].toLowerCase()) && !fields.has(each.name));
    if (!option) return false;
    field.input.value = field.input.value.slice(0, words.index);
    fit(field);
    add(option).focus();
    return true;
  }

  function offer(field, typing = false) {
    const { option, input } = field;
    const title = explain(option);
    const list = listOf(option);
    if (option.autocomplete) {
      suggest.show([], { input, title });
      return ask(field);
    }
    const wanted = field.chosen ? "" : input.value.trim().toLowerCase();
    const found = (list ?? []).filter((choice) => choice.name.toLowerCase().includes(wanted)).slice(0, 25);
    return suggest.show(found.map((choice) => suggestion(field, choice)), { input, title, first: typing && wanted !== "" && found.length > 0 });
  }

  function suggestion(field, choice) {
    return { label: titled(choice), lead: choice.lead, pick: () => choose(field, choice) };
  }

  function choose(field, choice) {
    field.chosen = choice;
    field.input.value = titled(choice);
    fit(field);
    invalid(field, null);
    suggest.hide();
    const all = [...fields.values()];
    const next = all[all.indexOf(field) + 1];
    if (next) next.focus();
    else field.input.focus();
  }

  function ask(field) {
    clearTimeout(field.timer);
    const turn = (field.turn = (field.turn ?? 0) + 1);
    field.timer = setTimeout(async () => {
      const sent = (await Promise.all([...fields.values()].map((other) => partial(other, other === field)))).filter(Boolean);
      const choices = await autocomplete(commandData(entry, sent)).catch(() => []);
      if (turn !== field.turn || document.activeElement !== field.input) return;
      field.choices = choices;
      suggest.show(choices.map((choice) => suggestion(field, choice)), { input: field.input, title: explain(field.option) });
    }, DEBOUNCE_MS);
  }

  /** An option as autocomplete sees it: unchecked where focused, left out where it would be wrong. */
  async function partial({ option, input, chosen, picker }, focused) {
    const base = { name: option.name, type: option.type };
    if (focused) return { ...base, value: chosen ? chosen.value : input.value, focused: true };
    if (picker) return picker.count() ? { ...base, value: (await picker.ids())[0] } : null;
    const result = chosen ?? (input.value.trim() ? convert(option, input.value.trim(), null) : null);
    return result && !result.problem ? { ...base, value: result.value } : null;
  }

  function read({ option, input, chosen, choices }) {
    if (chosen) return { value: chosen.value };
    const typed = input.value.trim();
    return typed ? convert(option, typed, option.autocomplete ? choices : listOf(option)) : null;
  }

  function keys(field, event) {
    if (event.isComposing || suggest.key(event)) return;
    const { input, option } = field;
    if (event.key === "Enter" && !(event.shiftKey && field.free)) {
      event.preventDefault();
      node.closest("form").requestSubmit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      onLeave(text());
    } else if (event.key === "Backspace" && input.selectionEnd === 0 && !input.value) {
      event.preventDefault();
      if (!option.required && option !== freeOption(options)) removeField(option);
      else if (field === [...fields.values()][0]) onLeave(`/${entry.name}`);
    }
  }

  function invalid(field, problem) {
    field.node.classList.toggle("invalid", Boolean(problem));
    const control = field.input ?? field.picker.button;
    if (problem) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }

  /** What is to be sent, or null with the first problem shown and its field focused. */
  async function data() {
    const sent = [];
    let first = null;
    for (const field of fields.values()) {
      const result = await field.read();
      const name = titled(field.option);
      const problem = result?.problem ?? (!result && field.option.required ? t("needed", { name }) : null);
      invalid(field, problem);
      if (problem) first ??= { field, problem };
      else if (result) sent.push({ name: field.option.name, type: field.option.type, value: result.value });
    }
    if (!first) return commandData(entry, sent);
    first.field.focus();
    onProblem(first.problem);
    return null;
  }

  function text() {
    const filled = [...fields.values()].filter((field) => field.input?.value.trim());
    return filled.length ? `/${entry.name} ${filled.map(({ option, input }) => `${option.name}: ${input.value.trim()}`).join(" ")}` : "";
  }

  function addFile(file) {
    const all = [...fields.values()].filter((field) => field.picker);
    const empty = all.find((field) => !field.picker.count());
    const unused = options.find((option) => option.type === TYPE.ATTACHMENT && !fields.has(option.name));
    const field = empty ?? (unused ? add(unused) : all.at(-1));
    field?.picker.add(file);
    return Boolean(field);
  }

  function focus() {
    const all = [...fields.values()];
    const target = all.find((field) => !(field.input?.value || field.picker?.count())) ?? all[0];
    target ? target.focus() : more.hidden ? leave.focus() : more.focus();
    target?.input?.setSelectionRange(target.input.value.length, target.input.value.length);
    for (const field of all) if (field.input) fit(field);
  }

  return { node, focus, addFile, data, text };
}

