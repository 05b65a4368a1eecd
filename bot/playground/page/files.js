// Choosing files: by dialog, drop or paste. They are uploaded at once; the ids are what is sent.

import { api, MAX_UPLOAD } from "./api.js";
import { h, icon, iconButton, toast } from "./dom.js";
import { state } from "./state.js";
import { formatSize, t } from "./texts.js";

/** A picker of up to `max` files. Answers {node, button, add(file), clear(), count(), ids(): Promise<string[]>}. */
export function filePicker({ max = 1, label, key, bare = false, onChange = () => {} }) {
  let files = [];
  const input = h("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", multiple: max > 1, onchange: chosen, dataset: { option: key ?? "" } });
  const open = () => input.click();
  const button = bare
    ? iconButton("clip", label, open, { class: "attach" })
    : h("button", { type: "button", class: "button secondary file-button", "aria-label": `${label}: ${t("chooseFile")}`, onclick: open }, icon("clip"), h("span", {}, t("chooseFile")));
  const chips = h("span", { class: "file-chips" });
  const node = h("span", { class: "file-picker" }, chips, button, input);

  function chosen() {
    for (const file of input.files) add(file);
    input.value = "";
  }

  function add(file) {
    if (file.size > MAX_UPLOAD) return toast(t("tooBig", { name: file.name }));
    if (max === 1) files.forEach(drop);
    if (files.length >= max) return undefined;
    const entry = { file, id: null };
    entry.chip = chip(entry);
    entry.done = api.upload(state.me.id, file).then(
      ({ id }) => {
        entry.id = id;
        entry.chip.classList.remove("uploading");
      },
      (error) => {
        toast(t("failed", { text: error.message }));
        drop(entry);
      },
    );
    files = [...files, entry];
    chips.append(entry.chip);
    return changed();
  }

  function chip(entry) {
    const { file } = entry;
    const preview = file.type.startsWith("image/") ? h("img", { src: URL.createObjectURL(file), alt: "", onload: (event) => URL.revokeObjectURL(event.target.src) }) : icon("file");
    const remove = iconButton("close", t("removeFile", { name: file.name }), () => (drop(entry), button.focus()));
    return h("span", { class: "picked uploading", title: t("uploading", { name: file.name }) }, preview, h("span", { class: "chip-name" }, file.name), h("small", {}, formatSize(file.size)), remove);
  }

  function drop(entry) {
    entry.chip.remove();
    files = files.filter((other) => other !== entry);
    changed();
  }

  function changed() {
    if (!bare) button.lastChild.textContent = t(files.length && max === 1 ? "replaceFile" : "chooseFile");
    button.hidden = max > 1 && files.length >= max;
    onChange();
  }

  async function ids() {
    await Promise.all(files.map((entry) => entry.done));
    return files.map((entry) => entry.id).filter(Boolean);
  }

  const clear = () => files.forEach(drop);

  return { node, button, add, clear, ids, count: () => files.length };
}
