// Discord's markdown, from text to nodes. Everything from outside becomes text nodes; links are http(s) only.

import { h, nameOf } from "./dom.js";
import { anchor } from "./links.js";
import { channelName, emit, now, roles, state } from "./state.js";
import { formatTime, relativeTime, t } from "./texts.js";

const MAX_DEPTH = 12;

/** Nodes for a whole text: headings, quotes, lists, code blocks, small text, paragraphs. */
export function markdown(text, depth = 0) {
  const out = [];
  const lines = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) out.push(h("div", { class: "md-text" }, inline(plain.join("\n"), depth)));
    plain = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const block = depth < MAX_DEPTH ? blockAt(lines, at, depth) : null;
    if (block) {
      flush();
      out.push(block.node);
      at = block.last;
    } else if (lines[at].includes("```")) {
      const fenced = fenceAt(lines, at);
      if (!fenced) plain.push(lines[at]);
      else {
        if (fenced.before) plain.push(fenced.before);
        flush();
        out.push(fenced.node);
        lines[fenced.last] = fenced.after;
        at = fenced.after ? fenced.last - 1 : fenced.last;
      }
    } else plain.push(lines[at]);
  }
  flush();
  return out;
}

function blockAt(lines, at, depth) {
  const line = lines[at];
  const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
  if (heading) return { node: h("div", { class: `md-h${heading[1].length}`, role: "heading", "aria-level": String(heading[1].length + 2) }, inline(heading[2], depth + 1)), last: at };
  if (/^-# +\S/.test(line)) return { node: h("div", { class: "md-small" }, inline(line.slice(3).trimStart(), depth + 1)), last: at };
  if (line.startsWith(">>> ")) {
    const rest = [line.slice(4), ...lines.slice(at + 1)].join("\n");
    return { node: h("blockquote", {}, markdown(rest, depth + 1)), last: lines.length - 1 };
  }
  if (line.startsWith("> ") || line === ">") return quoteAt(lines, at, depth);
  if (/^\s*([-*]|\d{1,9}\.) +\S/.test(line)) return listAt(lines, at, depth);
  return null;
}

function quoteAt(lines, at, depth) {
  let last = at;
  while (last + 1 < lines.length && (lines[last + 1].startsWith("> ") || lines[last + 1] === ">")) last += 1;
  const inner = lines.slice(at, last + 1).map((line) => line.slice(2)).join("\n");
  return { node: h("blockquote", {}, markdown(inner, depth + 1)), last };
}

function listAt(lines, at, depth) {
  const pattern = /^(\s*)([-*]|\d{1,9}\.) +(\S.*)$/;
  const ordered = /\d/.test(pattern.exec(lines[at])[2]);
  const list = h(ordered ? "ol" : "ul", ordered ? { start: String(parseInt(lines[at].trimStart(), 10)) } : {});
  let last = at - 1;
  for (let match; last + 1 < lines.length && (match = pattern.exec(lines[last + 1])) && /\d/.test(match[2]) === ordered; last += 1) {
    list.append(h("li", { style: { marginLeft: `${Math.min(4, match[1].length / 2)}em` } }, inline(match[3], depth + 1)));
  }
  return { node: list, last };
}

function fenceAt(lines, at) {
  const rest = lines.slice(at).join("\n");
  const start = rest.indexOf("```");
  const end = rest.indexOf("```", start + 3);
  if (end < 0) return null;
  let code = rest.slice(start + 3, end);
  const language = /^([a-z0-9_+.#-]*)\n(?=[^]*\S)/i.exec(code);
  if (language) code = code.slice(language[0].length);
  const last = at + rest.slice(0, end + 3).split("\n").length - 1;
  const after = rest.slice(end + 3).split("\n")[0];
  return { node: h("pre", {}, h("code", {}, code.replace(/\n$/, ""))), before: rest.slice(0, start), after, last };
}

// Each rule is tried where its first character stands. They answer [nodes, length] or null.
const RULES = {
  "\\": (text) => (/^\\[^\p{L}\p{N}\s]/u.test(text) ? [text[1], 2] : null),
  "`": code,
  "*": (text, depth) => pair(text, "**", "strong", depth) ?? pair(text, "*", "em", depth),
  _: (text, depth) => pair(text, "__", "u", depth) ?? wordPair(text, depth),
  "~": (text, depth) => pair(text, "~~", "s", depth),
  "|": (text, depth) => spoiler(text, depth),
  "[": maskedLink,
  "<": angle,
  h: bareLink,
  "@": (text) => {
    const match = /^@(everyone|here)\b/.exec(text);
    return match ? [h("span", { class: "mention" }, match[0]), match[0].length] : null;
  },
};

/** Nodes for one run of text without blocks. */
export function inline(text, depth = 0) {
  const out = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const rule = depth < MAX_DEPTH ? RULES[text[at]] : null;
    const glued = text[at] === "h" && /\w/.test(text[at - 1] ?? "");
    const found = rule && !glued ? rule(text.slice(at), depth + 1, text[at - 1]) : null;
    if (found) {
      out.push(plain, found[0]);
      plain = "";
      at += found[1];
    } else {
      plain += text[at];
      at += 1;
    }
  }
  return [...out, plain].filter((part) => part !== "");
}

function code(text) {
  const ticks = /^`+/.exec(text)[0];
  const end = text.indexOf(ticks, ticks.length);
  if (end < 0 || end === ticks.length) return ticks.length > 1 ? [ticks, ticks.length] : null;
  return [h("code", {}, text.slice(ticks.length, end)), end + ticks.length];
}

function pair(text, mark, tag, depth) {
  if (!text.startsWith(mark)) return null;
  let end = closing(text, mark);
  if (end < 0) return null;
  if (mark.length === 2) while (text[end + 2] === mark[0] && text[end + 1] === mark[0]) end += 1;
  const inner = text.slice(mark.length, end);
  if (!inner.trim() || (mark === "*" && /^\s|\s$/.test(inner))) return null;
  return [h(tag, {}, inline(inner, depth)), end + mark.length];
}

/** Where `mark` closes: not escaped, not inside inline code, and for one `*` not part of a pair. */
function closing(text, mark) {
  for (let at = mark.length; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > 0) at = end;
    } else if (text.startsWith(mark, at)) {
      if (mark.length === 2 || text[at + 1] !== mark) return at;
      at += 1;
    }
  }
  return -1;
}

function wordPair(text, depth) {
  const match = /^_((?:\\[^]|[^\\_])+)_(?!\w)/.exec(text);
  return match ? [h("em", {}, inline(match[1], depth)), match[0].length] : null;
}

function spoiler(text, depth) {
  const found = pair(text, "||", "span", depth);
  if (!found) return null;
  const [inner, length] = found;
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("tabindex");
    node.removeAttribute("aria-label");
  };
  const node = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("spoiler"), onclick: show, onkeydown: show }, inner);
  return [node, length];
}

function maskedLink(text, depth) {
  const match = /^\[((?:\\[^]|[^\]\\\n]){1,400})\]\(<?(https?:\/\/[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?: +"[^"\n]*")?\)/i.exec(text);
  return match ? [anchor(match[2], inline(match[1], depth)), match[0].length] : null;
}

function bareLink(text) {
  const match = /^https?:\/\/[^\s<>]+/i.exec(text);
  if (!match) return null;
  let url = match[0].replace(/[.,:;"'!?*_~|\]]+$/, "");
  if (url.endsWith(")") && !url.includes("(")) url = url.slice(0, -1);
  return URL.canParse(url) ? [anchor(url), url.length] : null;
}

function angle(text) {
  const match = /^<([^<>\n]{1,2000})>/.exec(text);
  const node = match && angled(match[1]);
  return node ? [node, match[0].length] : null;
}

function angled(body) {
  let found;
  if (/^https?:\/\/\S+$/i.test(body)) return anchor(body);
  if ((found = /^@!?(\d+)$/.exec(body))) return mention(`@${nameOf(state.users.get(found[1]) ?? botUser(found[1]))}`, found[1] === state.me.id);
  if ((found = /^@&(\d+)$/.exec(body))) return mention(`@${roles().find((role) => role.id === found[1])?.name ?? "?"}`);
  if ((found = /^#(\d+)$/.exec(body))) return channelMention(found[1]);
  if ((found = /^\/([^:]{1,100}):\d+$/.exec(body))) return mention(`/${found[1]}`);
  if ((found = /^a?:(\w{1,40}):\d+$/.exec(body))) return h("span", { class: "md-emoji" }, `:${found[1]}:`);
  if ((found = /^t:(-?\d{1,12})(?::([tTdDfFR]))?$/.exec(body))) return time(Number(found[1]) * 1000, found[2] ?? "f");
  return null;
}

const botUser = (id) => (id === state.application.id ? { username: state.application.name } : null);
const mention = (text, mine = false) => h("span", { class: mine ? "mention mine" : "mention" }, text);

function channelMention(id) {
  const found = state.channels.get(id);
  if (!found) return mention("#?");
  return h("button", { type: "button", class: "mention", onclick: () => emit("go", { channel: id }) }, `#${channelName(found)}`);
}

function time(ms, style) {
  const text = style === "R" ? relativeTime(ms, now()) : formatTime(ms, style);
  const node = h("time", { datetime: new Date(ms).toISOString(), title: formatTime(ms, "F") }, text);
  if (style === "R") node.dataset.relative = String(ms);
  return node;
}

/** Keeps the times written as "3 minutes ago" right. */
export function refreshTimes(root) {
  for (const node of root.querySelectorAll("time[data-relative]")) node.textContent = relativeTime(Number(node.dataset.relative), now());
}

/** The words alone, for previews of replies and for screen readers. */
export function plainText(text) {
  const flat = text.replace(/^(#{1,3}|-#|>{1,3}|[-*]) +/gm, "").replaceAll("\n", " ");
  return inline(flat).map((part) => (typeof part === "string" ? part : part.textContent)).join("").trim();
}
