// Menus to choose one or several values from, in messages and in modals.

import { avatar, h, icon, nameOf, roving } from "./dom.js";
import { openPopup } from "./popup.js";
import { channelName, guild, roles, state } from "./state.js";
import { t } from "./texts.js";

/** The values a select component of any type offers: [{value, label, description?, lead?, default?}]. */
export function choicesOf(component) {
  const chosen = new Set((component.default_values ?? []).map((value) => String(value.id)));
  const mark = (choice) => ({ ...choice, default: chosen.has(choice.value) });
  if (component.type === 3) return component.options.map((option) => ({ ...option, lead: option.emoji && emojiText(option.emoji) }));
  if (component.type === 5) return people().map(mark);
  if (component.type === 6) return roleChoices().map(mark);
  if (component.type === 7) return [...people(), ...roleChoices()].map(mark);
  return channelChoices(component.channel_types).map(mark);
}

export const people = () => [...state.users.values()].map((user) => ({ value: user.id, label: nameOf(user), description: user.username, lead: avatar(user, "small") }));
export const roleChoices = () => roles().map((role) => ({ value: role.id, label: role.name, lead: "@" }));

export function channelChoices(types) {
  const here = guild();
  const all = [...state.channels.values()].filter((each) => each.guild_id === here?.id && (!types?.length || types.includes(each.type)));
  return all.map((each) => ({ value: each.id, label: channelName(each), lead: "#" }));
}

export const emojiText = (emoji) => (emoji.id ? `:${emoji.name}:` : emoji.name);

/**
 * A select. `min`..`max` values; `onCommit(values, trigger)` once a choice is made (with several: when the list closes).
 * Answers {node, trigger, values()}.
 */
export function select({ choices, min = 1, max = 1, label, placeholder, disabled, id, describedby, key, onCommit = null }) {
  let values = choices.filter((choice) => choice.default).map((choice) => choice.value);
  const text = h("span", { class: "select-text" });
  const trigger = h(
    "button",
    { type: "button", class: "select", id, disabled, role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-describedby": describedby, dataset: { key: key ?? "" }, onclick: open, onkeydown: keys },
    text,
    icon("down"),
  );
  let close = null;
  draw();

  function draw() {
    const shown = choices.filter((choice) => values.includes(choice.value));
    const words = shown.map((choice) => (typeof choice.lead === "string" ? `${choice.lead} ${choice.label}` : choice.label)).join(", ");
    text.textContent = words || placeholder || t("select");
    text.classList.toggle("empty", !words);
    trigger.setAttribute("aria-label", [label, text.textContent].filter(Boolean).join(": "));
  }

  function keys(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    open();
  }

  function open() {
    if (close) return close(true);
    const before = values.join("\n");
    const rows = choices.map((choice) => row(choice));
    const done = max > 1 && h("button", { type: "button", class: "button primary", onclick: () => close(true) }, t("selectDone"));
    const list = h("div", { role: "listbox", class: "listbox", "aria-label": label ?? placeholder ?? t("select"), "aria-multiselectable": max > 1 ? "true" : null }, rows.length ? rows : h("div", { class: "menu-heading" }, t("noMatches")));
    close = openPopup(trigger, h("div", { class: "select-popup" }, list, done), { matchWidth: true, onClose: () => closed(before) });
    roving(list, () => rows);
    trigger.setAttribute("aria-expanded", "true");
    (rows.find((node) => node.getAttribute("aria-selected") === "true") ?? rows[0])?.focus();
  }

  function row(choice) {
    const selected = () => String(values.includes(choice.value));
    const node = h("div", { role: "option", class: "option", tabindex: "-1", "aria-selected": selected(), onclick: pick, onkeydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), pick()) },
      choice.lead && h("span", { class: "option-lead" }, choice.lead),
      h("span", { class: "option-words" }, h("span", {}, choice.label), choice.description && h("small", {}, choice.description)),
      h("span", { class: "option-check" }, icon("check")),
    );
    function pick() {
      if (max === 1) {
        values = values.includes(choice.value) && min === 0 ? [] : [choice.value];
        draw();
        close(true);
      } else if (values.includes(choice.value)) values = values.filter((value) => value !== choice.value);
      else if (values.length < max) values = [...values, choice.value];
      node.setAttribute("aria-selected", selected());
      draw();
    }
    return node;
  }

  function closed(before) {
    close = null;
    trigger.setAttribute("aria-expanded", "false");
    if (!onCommit || values.join("\n") === before) return; // a form checks its fields when it is sent
    if (values.length >= min) onCommit(values, trigger);
    else values = before.split("\n").filter(Boolean);
    draw();
  }

  return { node: trigger, trigger, values: () => values };
}
