// The playground's people's face: JSON over HTTP, and a websocket of events that reconnects by itself.

class ApiError extends Error {}

export const MAX_UPLOAD = 25 * 1024 * 1024;
const TIMEOUT_MS = 20000;

async function call(method, path, { query = {}, json, body } = {}) {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null) url.searchParams.set(key, value);
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(url, { method, headers, body: json === undefined ? body : JSON.stringify(json), signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new ApiError(error.message);
  }
  const text = await response.text();
  const value = text && response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : null;
  if (!response.ok) throw new ApiError(value?.message ?? value?.error ?? `${response.status} ${response.statusText}`);
  return value;
}

export const api = {
  world: (user) => call("GET", "/play/world", { query: { user } }),
  commands: (user, channel) => call("GET", `/play/channels/${channel}/commands`, { query: { user } }),
  messages: (user, channel, before, limit = 50) => call("GET", `/play/channels/${channel}/messages`, { query: { user, before, limit } }),
  say: (user, channel, content, attachments = []) => call("POST", `/play/channels/${channel}/messages`, { json: { user, content, attachments } }),
  upload: (user, file) => call("POST", "/play/attachments", { query: { user, filename: file.name || "image.png" }, body: file }),
  interact: (interaction) => call("POST", "/play/interactions", { json: interaction }),
  react: (user, channel, message, emoji, on) =>
    call(on ? "PUT" : "DELETE", `/play/channels/${channel}/messages/${message}/reactions/${encodeURIComponent(emoji)}`, { query: { user } }),
  dismiss: (user, channel, message) => call("DELETE", `/play/channels/${channel}/messages/${message}`, { query: { user } }),
  locale: (user, locale) => call("POST", `/play/users/${user}/locale`, { json: { locale } }),
  app: (user, changes) => call("POST", `/play/users/${user}/app`, { json: changes }),
  dm: (user) => call("POST", "/play/dms", { json: { user } }),
  bot: (verb) => call("POST", "/play/bot", { json: { do: verb } }),
};

/** Events for a user. `onOpen(again)` runs at each connection, `onLost` when it breaks. Answers a function that closes it. */
export function listen(user, { onEvent, onOpen, onLost }) {
  let socket = null;
  let closed = false;
  let tries = 0;
  let opened = false;
  let timer = 0;

  function connect() {
    const url = new URL(`/play/events?user=${encodeURIComponent(user)}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => {
      tries = 0;
      onOpen(opened);
      opened = true;
    };
    socket.onmessage = (event) => onEvent(JSON.parse(event.data));
    socket.onclose = () => {
      if (closed) return;
      onLost();
      timer = setTimeout(connect, Math.min(8000, 250 * 2 ** tries) * (0.75 + Math.random() / 2));
      tries += 1;
    };
  }

  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    socket.close();
  };
}

/** Files of the playground are fetched from the page's own address, by whatever name that was opened. */
export function fileUrl(url) {
  const parsed = new URL(url, location.href);
  return parsed.pathname.startsWith("/cdn/") ? location.origin + parsed.pathname + parsed.search : parsed.href;
}
