// Pictures and files in messages. Every picture has its room reserved before it is there, so that nothing jumps.

import { h, icon } from "./dom.js";
import { fileUrl } from "./api.js";
import { openLightbox } from "./lightbox.js";
import { formatSize, t } from "./texts.js";

const SINGLE = { width: 600, height: 480 };
const SPOILER_FLAG = 8;

const isPicture = (file) => (file.content_type?.startsWith("image/") ?? /\.(png|jpe?g|gif|webp|avif)(\?|$)/i.test(file.filename ?? file.url)) && file.width;
const isVideo = (file) => file.content_type?.startsWith("video/");

/** A message's attachments: pictures as one gallery, films, and other files as chips. */
export function attachments(files) {
  const pictures = files.filter(isPicture);
  const films = files.filter(isVideo);
  const rest = files.filter((file) => !isPicture(file) && !isVideo(file));
  return [
    pictures.length > 0 && gallery(pictures.map((file) => ({ ...file, name: file.description || file.filename, spoiler: hidden(file) }))),
    ...films.map((file) => h("video", { class: "film", controls: true, preload: "metadata", src: fileUrl(file.url), "aria-label": file.filename })),
    ...rest.map((file) => fileChip(file)),
  ];
}

const hidden = (file) => Boolean(file.flags & SPOILER_FLAG) || file.filename.startsWith("SPOILER_");

/** Several pictures side by side, or one at its own shape. Each is {url, width, height, name, spoiler}. */
export function gallery(pictures) {
  const figures = pictures.map((picture, index) => figure(picture, () => openLightbox(pictures, index), pictures.length === 1));
  return h("div", { class: `gallery of-${Math.min(5, pictures.length)}` }, figures);
}

function figure(picture, open, alone) {
  const image = img(picture);
  const button = h("button", { type: "button", class: "picture", "aria-label": t("openPicture", { name: picture.name }), onclick: open }, image);
  if (alone) reserve(button, picture, SINGLE);
  if (picture.spoiler) veil(button);
  return button;
}

/** The room that a picture will take within `limit`, kept free until it is loaded. */
export function reserve(node, { width, height }, limit) {
  if (!width || !height) return;
  const scale = Math.min(1, limit.width / width, limit.height / height);
  node.style.width = `${Math.round(width * scale)}px`;
  node.style.aspectRatio = `${width} / ${height}`;
}

export function img(picture) {
  const image = h("img", { src: fileUrl(picture.url), alt: picture.name ?? "", decoding: "async", width: picture.width, height: picture.height });
  image.addEventListener("load", () => image.parentElement?.classList.add("loaded"), { once: true });
  image.addEventListener("error", () => broken(image), { once: true });
  return image;
}

function broken(image) {
  image.parentElement?.classList.add("broken");
  image.replaceWith(h("span", { class: "picture-gone" }, t("pictureGone")));
}

function veil(button) {
  const lift = (event) => {
    event.stopImmediatePropagation();
    button.classList.remove("veiled");
    button.removeEventListener("click", lift, true);
  };
  button.classList.add("veiled");
  button.addEventListener("click", lift, true);
}

/** A file that is no picture: its name, size and a link to it. */
export function fileChip({ url, filename, size }) {
  const meta = size === undefined ? null : h("span", { class: "chip-size" }, formatSize(size));
  return h("a", { class: "file-chip", href: fileUrl(url), target: "_blank", rel: "noopener noreferrer", download: filename }, icon("file"), h("span", { class: "chip-name" }, filename), meta);
}

/** Until a new picture is there, its place shows the one it follows: previews change without a flash. */
export function keepOldPicture(before, after) {
  const old = before.querySelectorAll(".picture img");
  after.querySelectorAll(".picture").forEach((button, index) => {
    if (old[index]?.complete && old[index].src) button.style.backgroundImage = `url("${old[index].src.replaceAll('"', "%22")}")`;
  });
}
