// What a person does to the application, and what becomes of it: acknowledged, failed, or a modal.

import { api } from "./api.js";
import { toast } from "./dom.js";
import { emit, state } from "./state.js";
import { t } from "./texts.js";

// The server says "failed" after three seconds; this only clears the waiting state if that word was lost.
const FORGET_MS = 15000;

const waiting = new Map();
const early = new Map();

/** For each `interaction` event. It may come before the answer to the POST that caused it. */
export function settle(event) {
  const resolve = waiting.get(event.id);
  if (resolve) resolve(event);
  else {
    early.set(event.id, event);
    setTimeout(() => early.delete(event.id), FORGET_MS);
  }
}

function outcome(id) {
  if (early.has(id)) return Promise.resolve(early.get(id));
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish({ state: "unknown" }), FORGET_MS);
    const finish = (event) => {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(event);
    };
    waiting.set(id, finish);
  });
}

/** Sends an interaction and waits for its outcome, an `interaction` event. A modal opens by itself. */
async function interact(payload) {
  let result;
  try {
    const { id } = await api.interact({ user: state.me.id, channel: state.channelId, ...payload });
    result = await outcome(id);
  } catch (error) {
    toast(t("failed", { text: error.message }));
    return { state: "error", text: error.message };
  }
  if (result.state === "modal") emit("modal", result.modal);
  return result;
}

/** Runs a command; meanwhile a local line in the channel says so, and stays if nobody answered. */
export async function runCommand(data) {
  const { channelId } = state;
  const note = { id: `local-${crypto.randomUUID()}`, channelId, name: data.label };
  emit("note", { ...note, kind: "sending" });
  const { label: _, ...rest } = data;
  const result = await interact({ type: 2, data: rest });
  emit("note", { ...note, kind: result.state === "failed" ? "failed" : "done" });
  return result;
}

/** Presses a button or chooses in a select of a message; `control` shows that it is on its way. */
export async function useComponent(message, data, control) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  emit("component-failed", { message: message.id, text: null });
  const result = await interact({ type: 3, data, message_id: message.id });
  control.removeAttribute("aria-busy");
  if (result.state === "failed") emit("component-failed", { message: message.id, text: t("noResponse") });
}

export const submitModal = (modal, components) =>
  interact({ type: 5, modal_id: modal.id, data: { custom_id: modal.custom_id, components } });

/** The bot's suggestions for the focused option; [] when it has none in time. */
export async function autocomplete(data) {
  const answer = await api.interact({ user: state.me.id, channel: state.channelId, type: 4, data });
  return answer.choices ?? [];
}
