// Modals: a form that the application asked for.

import { h, iconButton, uid } from "./dom.js";
import { field } from "./fields.js";
import { submitModal } from "./interactions.js";
import { markdown } from "./markdown.js";
import { t } from "./texts.js";

const ROW = 1;
const TEXT = 10;
const LABEL = 18;

/** Opens a modal ({id, custom_id, title, components}) and submits it; it stays open until it was answered. */
export function openModal(modal) {
  const from = document.activeElement;
  const items = modal.components.map(item);
  const problem = h("div", { class: "modal-problem", role: "alert" });
  const title = uid("modal");
  const submit = h("button", { type: "submit", class: "button primary" }, t("submit"));
  const form = h(
    "form",
    { novalidate: true, onsubmit: send, autocomplete: "off" },
    h("div", { class: "modal-head" }, h("h2", { id: title }, modal.title), iconButton("close", t("close"), () => dialog.close())),
    problem,
    h("div", { class: "modal-body" }, items.map((each) => each.node)),
    h("div", { class: "modal-foot" }, h("button", { type: "button", class: "button secondary", onclick: () => dialog.close() }, t("cancel")), submit),
  );
  const dialog = h("dialog", { class: "modal", "aria-labelledby": title, onclose: leave, onpaste: paste, ondragover: (event) => event.preventDefault(), ondrop: drop }, form);
  document.body.append(dialog);
  dialog.showModal();
  items.find((each) => each.field)?.field.control.focus();

  async function send(event) {
    event.preventDefault();
    if (submit.getAttribute("aria-busy") === "true") return;
    const wrong = items.filter((each) => each.validate && !each.validate());
    if (wrong.length) return wrong[0].field.control.focus();
    problem.replaceChildren();
    submit.setAttribute("aria-busy", "true");
    const components = await Promise.all(items.map((each) => each.read()));
    const result = await submitModal(modal, components);
    submit.removeAttribute("aria-busy");
    if (result.state === "failed" || result.state === "error") problem.append(result.text ?? t("noResponse"));
    else dialog.close();
  }

  function give(files, event) {
    const target = items.find((each) => each.field?.picker)?.field.picker;
    if (!files?.length || !target) return;
    event.preventDefault();
    for (const file of files) target.add(file);
  }

  function paste(event) {
    give(event.clipboardData?.files, event);
  }

  function drop(event) {
    event.preventDefault();
    event.stopPropagation();
    give(event.dataTransfer?.files, event);
  }

  function leave() {
    dialog.remove();
    (from?.isConnected ? from : document.getElementById("composer-input"))?.focus({ preventScroll: true });
  }
}

/** One row of the form: {node, field?, validate?, read()}. */
function item(each, index) {
  const id = each.id ?? index + 1;
  if (each.type === TEXT) return { node: h("div", { class: "markdown" }, markdown(each.content)), read: () => ({ type: TEXT, id }) };
  if (each.type === ROW) {
    const [inner] = each.components;
    const row = labelled(inner, inner.label ?? inner.placeholder ?? "", null, inner.id ?? 100 + index);
    return { ...row, read: async () => ({ type: ROW, id, components: [await row.read()] }) };
  }
  const row = labelled(each.component, each.label, each.description, each.component.id ?? 100 + index);
  return { ...row, read: async () => ({ type: LABEL, id, component: await row.read() }) };
}

function labelled(inner, label, description, id) {
  const names = { id: uid("field"), label, described: uid("note") };
  const made = field(inner, names);
  const required = inner.required !== false && inner.type !== 23;
  const wrong = h("span", { class: "field-wrong", role: "alert" });
  const head = made.ownLabel ? null : h("label", { class: "field-label", for: names.id }, label, required && h("span", { class: "star", "aria-hidden": "true" }, " *"));
  const node = h("div", { class: "field-row", dataset: { field: inner.custom_id } }, head, h("div", { class: "field-notes", id: names.described }, description && h("span", { class: "field-description" }, description), wrong), made.node);

  function validate() {
    const text = made.check();
    wrong.textContent = text ?? "";
    node.classList.toggle("invalid", Boolean(text));
    if (text) made.control.setAttribute("aria-invalid", "true");
    else made.control.removeAttribute("aria-invalid");
    return !text;
  }

  const read = async () => ({ type: inner.type, id, custom_id: inner.custom_id, ...(await made.read()) });
  return { node, field: made, validate, read };
}
