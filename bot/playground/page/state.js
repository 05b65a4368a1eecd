// What the page knows: the world as one user sees it, and who wants to hear of changes.

import { api } from "./api.js";

export const state = {
  me: null,
  users: new Map(),
  guilds: [],
  channels: new Map(),
  application: null,
  bot: { status: "offline", can_restart: false },
  tries: [],
  skew: 0,
  channelId: null,
  unread: new Map(),
  online: false,
};

const bus = new EventTarget();
const commandCache = new Map();

export function on(type, listener, signal) {
  bus.addEventListener(type, (event) => listener(event.detail), { signal });
}

export function emit(type, detail) {
  bus.dispatchEvent(new CustomEvent(type, { detail }));
}

export function loadWorld(world) {
  state.me = world.me;
  state.users = new Map(world.users.map((user) => [user.id, user]));
  state.guilds = world.guilds;
  state.channels = new Map();
  for (const guild of world.guilds) for (const channel of guild.channels) addChannel({ guild_id: guild.id, ...channel });
  for (const channel of world.dms) addChannel(channel);
  state.application = world.application;
  state.bot = world.bot;
  state.tries = world.tries;
  state.skew = world.now_ms - Date.now();
  commandCache.clear();
}

export function addChannel(channel) {
  state.channels.set(channel.id, channel);
}

export const now = () => Date.now() + state.skew;
export const channel = () => state.channels.get(state.channelId);
export const guild = () => state.guilds.find((candidate) => candidate.id === channel()?.guild_id);
export const isThread = (candidate) => [10, 11, 12].includes(candidate.type);
export const isDirect = (candidate) => candidate.type === 1 || isGroup(candidate);
export const isGroup = (candidate) => candidate.type === 3;

/** Whether the bot itself is in a channel's server or conversation. */
export function hasBot(candidate) {
  if (isDirect(candidate)) return candidate.recipients.some((user) => user.id === state.application.id);
  return state.guilds.find((each) => each.id === candidate.guild_id)?.has_bot ?? false;
}

/** Whether the application can be used in a channel: the bot is there, or one has it on one's account. */
export const hasApp = (candidate) => hasBot(candidate) || state.me.installed;

/** Roles to choose from. A guild always has @everyone, whose id is the guild's own. */
export function roles() {
  const here = guild();
  return here ? (here.roles ?? [{ id: here.id, name: "@everyone" }]) : [];
}

export function channelName(candidate) {
  if (!isDirect(candidate) || candidate.name) return candidate.name;
  const other = candidate.recipients?.find((user) => user.id !== state.me.id);
  return other?.global_name || other?.username || state.application.name;
}

/** The application's commands in a channel, fetched once until they change. */
export function commandsOf(channelId) {
  if (!commandCache.has(channelId)) {
    const fetched = api.commands(state.me.id, channelId);
    fetched.catch(() => commandCache.delete(channelId));
    commandCache.set(channelId, fetched);
  }
  return commandCache.get(channelId);
}

export const forgetCommands = () => commandCache.clear();
