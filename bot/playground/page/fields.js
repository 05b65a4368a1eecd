// The fields of a modal, one kind a function. Each answers {node, control, read(), check()}.
// `read` gives the component of the answer; `check` the sentence of what is wrong, or null.

import { h } from "./dom.js";
import { filePicker } from "./files.js";
import { choicesOf, select } from "./select.js";
import { t } from "./texts.js";

const SHORT = 1;

/** Discord requires what does not say otherwise. */
const isRequired = (each) => each.required !== false;

function counted(count, { min, max, required }) {
  if (!count) return required ? t("fieldRequired") : null;
  if (count < min) return t("fieldFew", { min });
  return count > max ? t("fieldMany", { max }) : null;
}

function text(each, names) {
  const max = each.max_length ?? 4000;
  const props = { id: names.id, class: "field-input", maxlength: max, placeholder: each.placeholder, "aria-describedby": names.described, "aria-required": String(isRequired(each)), value: each.value ?? "", oninput: count, dataset: { key: each.custom_id } };
  const control = each.style === SHORT ? h("input", { type: "text", autocomplete: "off", ...props }) : h("textarea", { rows: 4, ...props });
  const left = h("span", { class: "field-count", "aria-hidden": "true" });
  count();

  function count() {
    const shown = each.max_length !== undefined && each.max_length !== null && control.value.length > max * 0.6;
    left.textContent = shown ? `${control.value.length} / ${max}` : "";
  }

  function check() {
    if (!control.value.trim()) return isRequired(each) ? t("fieldRequired") : null;
    return control.value.length < (each.min_length ?? 0) ? t("fieldShort", { min: each.min_length }) : null;
  }

  return { node: [control, left], control, check, read: () => ({ value: control.value }) };
}

function menu(each, names) {
  const required = isRequired(each);
  const min = each.min_values ?? 1;
  const max = each.max_values ?? 1;
  const made = select({ choices: choicesOf(each), min: required ? min : 0, max, label: names.label, placeholder: each.placeholder, disabled: each.disabled, id: names.id, describedby: names.described, key: each.custom_id });
  return { node: made.node, control: made.trigger, read: () => ({ values: made.values() }), check: () => counted(made.values().length, { min, max, required: required && min > 0 }) };
}

/** Radio buttons or check boxes, one a line. */
function group(type, each, names) {
  const inputs = each.options.map((option) => h("input", { type, name: names.id, value: option.value, checked: Boolean(option.default), dataset: { key: `${each.custom_id}:${option.value}` } }));
  const rows = each.options.map((option, index) => h("label", { class: "tick" }, inputs[index], h("span", {}, option.label, option.description && h("small", {}, option.description))));
  const node = h("div", { class: "ticks", role: type === "radio" ? "radiogroup" : "group", "aria-label": names.label, "aria-describedby": names.described, id: names.id }, rows);
  return { node, control: inputs[0], chosen: () => inputs.filter((input) => input.checked).map((input) => input.value) };
}

function radio(each, names) {
  const made = group("radio", each, names);
  return { ...made, read: () => ({ value: made.chosen()[0] ?? null }), check: () => counted(made.chosen().length, { min: 1, max: 1, required: isRequired(each) }) };
}

function checkboxes(each, names) {
  const made = group("checkbox", each, names);
  const limits = { min: each.min_values ?? 1, max: each.max_values ?? each.options.length, required: isRequired(each) && (each.min_values ?? 1) > 0 };
  return { ...made, read: () => ({ values: made.chosen() }), check: () => counted(made.chosen().length, limits) };
}

function checkbox(each, names) {
  const control = h("input", { type: "checkbox", id: names.id, checked: Boolean(each.default), "aria-label": names.label, "aria-describedby": names.described, dataset: { key: each.custom_id } });
  return { node: h("label", { class: "tick single" }, control, h("span", {}, names.label)), control, ownLabel: true, check: () => null, read: () => ({ value: control.checked }) };
}

function upload(each, names) {
  const max = each.max_values ?? 1;
  const required = isRequired(each);
  const picker = filePicker({ max, label: names.label, key: each.custom_id });
  picker.button.id = names.id;
  picker.button.setAttribute("aria-describedby", names.described);
  const note = max > 1 && h("small", { class: "field-note" }, t("upTo", { max }));
  return { node: [picker.node, note], control: picker.button, picker, check: () => counted(picker.count(), { min: each.min_values ?? 1, max, required: required && each.min_values !== 0 }), read: async () => ({ values: await picker.ids() }) };
}

const KINDS = { 3: menu, 4: text, 5: menu, 6: menu, 7: menu, 8: menu, 19: upload, 21: radio, 22: checkboxes, 23: checkbox };

/** The field of an interactive component; `names` is {id, label, described}. */
export const field = (each, names) => KINDS[each.type](each, names);
