// Pictures opened large: arrows to move, Escape to close, a press to see them at full size.

import { h, icon, iconButton } from "./dom.js";
import { fileUrl } from "./api.js";
import { t } from "./texts.js";

/** Shows `pictures` ([{url, name}]) from `index` on. Focus returns to where it was. */
export function openLightbox(pictures, index) {
  const from = document.activeElement;
  let at = index;
  const image = h("img", { class: "lightbox-image", onclick: () => image.classList.toggle("full") });
  const name = h("span", { class: "lightbox-name" });
  const count = h("span", { class: "lightbox-count" });
  const open = h("a", { class: "button secondary", target: "_blank", rel: "noopener noreferrer" }, icon("open"), t("openOriginal"));
  const close = iconButton("close", t("close"), () => dialog.close(), { class: "lightbox-close" });
  const previous = iconButton("left", t("previous"), () => show(at - 1), { class: "lightbox-previous" });
  const next = iconButton("right", t("next"), () => show(at + 1), { class: "lightbox-next" });
  const many = pictures.length > 1;
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": t("picture"), onkeydown: keys, onclick: outside, onclose: leave },
    h("div", { class: "lightbox-stage" }, image),
    many && previous,
    many && next,
    close,
    h("div", { class: "lightbox-bar" }, name, many && count, open),
  );

  function show(to) {
    at = (to + pictures.length) % pictures.length;
    const picture = pictures[at];
    image.classList.remove("full");
    image.src = fileUrl(picture.url);
    image.alt = picture.name;
    name.textContent = picture.name;
    count.textContent = t("counter", { n: at + 1, total: pictures.length });
    open.href = fileUrl(picture.url);
  }

  function keys(event) {
    if (event.key === "ArrowLeft" && many) show(at - 1);
    else if (event.key === "ArrowRight" && many) show(at + 1);
    else return;
    event.preventDefault();
  }

  function outside(event) {
    if (event.target === dialog || event.target.classList.contains("lightbox-stage")) dialog.close();
  }

  function leave() {
    dialog.remove();
    if (from?.isConnected) from.focus({ preventScroll: true });
  }

  show(at);
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
