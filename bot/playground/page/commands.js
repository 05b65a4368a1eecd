// Commands as data, without a page: flat list, typed text, values, what is sent.

import { t } from "./texts.js";

export const TYPE = { SUB: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11 };

/** Slash commands with their subcommands laid out: [{path, name, description, options, command}]. */
export function flatten(commands) {
  return commands.filter((command) => (command.type ?? 1) === 1).flatMap((command) => leaves(command, [command], command));
}

function leaves(node, path, command) {
  const subs = (node.options ?? []).filter((option) => option.type === TYPE.SUB || option.type === TYPE.GROUP);
  if (subs.length) return subs.flatMap((sub) => leaves(sub, [...path, sub], command));
  return [{ command, path, name: path.map((each) => each.name).join(" "), description: described(node), options: node.options ?? [] }];
}

export const described = (thing) => thing.description_localized ?? thing.description ?? "";
export const titled = (thing) => thing.name_localized ?? thing.name;

/** Commands whose name has the typed words, the best first. */
export function search(entries, typed) {
  const wanted = typed.trim().toLowerCase();
  const rank = (entry) => (entry.name.startsWith(wanted) ? 0 : entry.name.includes(wanted) ? 1 : entry.description.toLowerCase().includes(wanted) ? 2 : 3);
  return entries.map((entry) => [rank(entry), entry]).filter(([each]) => each < 3).sort((a, b) => a[0] - b[0]).map(([, entry]) => entry);
}

/** `/name option: value free text` → {entry, values: Map}, or null where no command has that name. */
export function parseTyped(text, entries) {
  const typed = text.trimStart();
  if (!typed.startsWith("/")) return null;
  const byLength = [...entries].sort((a, b) => b.name.length - a.name.length);
  const entry = byLength.find(({ name }) => typed.slice(1).toLowerCase().startsWith(name) && /^(\s|$)/.test(typed.slice(1 + name.length)));
  return entry ? { entry, values: parseOptions(typed.slice(1 + entry.name.length), entry.options) } : null;
}

/** Splits at `name:` of known options; words before the first go to the option that takes free text. */
function parseOptions(text, options) {
  const values = new Map();
  const named = new Map(options.flatMap((option) => [option.name, titled(option)].map((name) => [name.toLowerCase(), option])));
  const names = [...named.keys()].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const optionOf = (mark) => named.get(mark[1].toLowerCase());
  const pattern = names.length ? new RegExp(`(?:^|\\s)(${names.join("|")}):(?!//)`, "giu") : null;
  const marks = pattern ? [...text.matchAll(pattern)].filter((mark, index, all) => all.findIndex((other) => optionOf(other) === optionOf(mark)) === index) : [];
  const free = text.slice(0, marks[0]?.index ?? text.length).trim();
  const target = freeOption(options);
  if (free && target) values.set(target.name, free);
  marks.forEach((mark, index) => {
    const option = optionOf(mark);
    const value = text.slice(mark.index + mark[0].length, marks[index + 1]?.index ?? text.length).trim();
    const before = values.get(option.name);
    if (value) values.set(option.name, before ? `${before} ${value}` : value);
  });
  return values;
}

/** The option for words without a name: `prompt`, else the first required text, else the first option of all. */
export function freeOption(options) {
  const texts = options.filter((option) => option.type === TYPE.STRING);
  return texts.find((option) => option.name === "prompt") ?? texts.find((option) => option.required) ?? texts[0] ?? options[0];
}

/** Options in the order of the composer: free text first, then required, then the others. */
export function ordered(options) {
  const first = options.find((option) => option.type === TYPE.STRING && option.name === "prompt");
  const rank = (option) => (option === first ? 0 : option.required ? 1 : 2);
  return [...options].sort((a, b) => rank(a) - rank(b));
}

/** The value to send for what was typed, or {problem}. `typed` is never empty. */
export function convert(option, typed, choices) {
  const name = titled(option);
  const listed = option.choices ?? (choices?.length ? choices : null);
  const chosen = listed?.find((choice) => titled(choice).toLowerCase() === typed.toLowerCase() || String(choice.value) === typed);
  if (chosen) return { value: chosen.value };
  if (option.choices?.length) return { problem: t("choose", { name }) };
  if (option.type === TYPE.BOOLEAN) return /^(true|verdadero|sí|si|yes|1)$/i.test(typed) ? { value: true } : /^(false|falso|no|0)$/i.test(typed) ? { value: false } : { problem: t("choose", { name }) };
  if (option.type === TYPE.INTEGER || option.type === TYPE.NUMBER) return numeric(option, typed, name);
  if (option.type === TYPE.STRING) return bounded(option, typed, name);
  return /^\d+$/.test(typed) ? { value: typed } : { problem: t("choose", { name }) };
}

function numeric(option, typed, name) {
  const pattern = option.type === TYPE.INTEGER ? /^[+-]?\d+$/ : /^[+-]?(\d+([.,]\d*)?|[.,]\d+)$/;
  if (!pattern.test(typed)) return { problem: t(option.type === TYPE.INTEGER ? "integer" : "number", { name }) };
  const value = Number(typed.replace(",", "."));
  if (!Number.isSafeInteger(Math.trunc(value))) return { problem: t("number", { name }) };
  if (value < option.min_value) return { problem: t("atLeast", { name, min: option.min_value }) };
  if (value > option.max_value) return { problem: t("atMost", { name, max: option.max_value }) };
  return { value };
}

function bounded(option, typed, name) {
  const length = [...typed].length;
  if (length < option.min_length) return { problem: t("tooShort", { name, min: option.min_length }) };
  if (length > (option.max_length ?? 6000)) return { problem: t("tooLong", { name, max: option.max_length ?? 6000 }) };
  return { value: typed };
}

/** The `data` of a command interaction; `options` are [{name, type, value, focused?}]. */
export function commandData(entry, options) {
  let nested = options;
  for (const part of entry.path.slice(1).reverse()) nested = [{ name: part.name, type: part.type, options: nested }];
  return { id: entry.command.id, name: entry.command.name, type: 1, options: nested, label: entry.name };
}
