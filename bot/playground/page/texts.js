// The page's own words, in English and Spanish. What the bot says comes from the bot.

export const LOCALES = [
  ["en-US", "English"],
  ["es-ES", "Español (España)"],
  ["es-419", "Español (Latinoamérica)"],
];

const EN = {
  title: "Lienzo playground",
  what: "A practice server on your own machine: the real bot, nothing online, gone when you stop it.",
  skip: "Skip to the message box",
  channels: "Channels",
  openChannels: "Open the channel list",
  closeChannels: "Close the channel list",
  directMessages: "Direct messages",
  writeBot: "Message {name}",
  youAre: "You are",
  switchUser: "Write as {name}",
  onAccount: "{name} on this account",
  onAccountHint: "Lets this person use the commands in every server and conversation, also where the bot is not",
  takesDms: "Takes messages from {name}",
  takesDmsHint: "When this is off, the bot cannot send this person direct messages",
  notHere: "{name} is not here. Add it to your account to use it anywhere.",
  installApp: "Add {name}",
  language: "Language",
  bot: "Bot",
  online: "online",
  starting: "starting…",
  offline: "offline",
  restart: "Kill and restart",
  restartHint: "Ends the bot's process at once and starts it again: jobs and buttons survive",
  kill: "Kill",
  start: "Start",
  connectionLost: "Connection lost. Trying again…",
  connectionBack: "Connected again",
  messages: "Messages in {name}",
  messageBy: "{name}, {time}",
  loadOlder: "Earlier messages",
  newMessages: "Jump to the newest message",
  welcome: "Welcome to {name}",
  welcomeText: "Type / to see every command, or start with one of these:",
  tryPrompts: "Try a prompt",
  runTry: "Run: {text}",
  app: "APP",
  used: "{name} used",
  edited: "(edited)",
  thinking: "{name} is thinking…",
  onlyYou: "Only you can see this",
  dismiss: "Dismiss",
  parentGone: "The original message is not here any more",
  jumpTo: "Go to the message by {name}: {text}",
  jumpLink: "Go to a message in {name}",
  picture: "Picture",
  openPicture: "Open large: {name}",
  pictureGone: "Picture not available",
  openOriginal: "Open original",
  close: "Close",
  previous: "Previous picture",
  next: "Next picture",
  counter: "{n} of {total}",
  spoiler: "Spoiler, press to show",
  react: "Add a reaction",
  reactWith: "React with {emoji}",
  reaction: "{emoji}, {n}",
  more: "More actions",
  apps: "Apps",
  onAuthor: "Apps, on {name}",
  copyText: "Copy text",
  copyId: "Copy message ID",
  copied: "Copied",
  openThread: "Open thread: {name}",
  threadStarted: "{name} started a thread",
  typing: "{name} is typing…",
  arrived: "{name}: {text}",
  noResponse: "The application did not respond",
  sending: "Sending the command…",
  composer: "Message {name}",
  composerHint: "Message {name}, or type / for a command",
  send: "Send",
  commands: "Commands",
  noCommands: "No command is called that",
  options: "Options",
  addOption: "Add an option",
  removeOption: "Remove {name}",
  leaveCommand: "Leave the command",
  required: "required",
  optional: "optional",
  noMatches: "No matches",
  chooseFile: "Choose a file",
  replaceFile: "Choose another file",
  removeFile: "Remove {name}",
  uploading: "Uploading {name}…",
  tooBig: "{name} is larger than 25 MiB",
  noPlaceForFile: "This command takes no file",
  attach: "Attach files",
  needed: "{name} is required",
  integer: "{name} must be a whole number",
  number: "{name} must be a number",
  atLeast: "{name} must be at least {min}",
  atMost: "{name} must be at most {max}",
  tooShort: "{name} needs at least {min} characters",
  tooLong: "{name} takes at most {max} characters",
  choose: "Choose one of the values of {name}",
  yes: "True",
  no: "False",
  type3: "text", type4: "whole number", type5: "true or false", type6: "person", type7: "channel",
  type8: "role", type9: "person or role", type10: "number", type11: "file",
  select: "Make a selection",
  selectDone: "Done",
  fieldRequired: "This is required",
  fieldShort: "At least {min} characters",
  fieldFew: "Choose at least {min}",
  fieldMany: "Choose at most {max}",
  upTo: "up to {max}",
  submit: "Submit",
  cancel: "Cancel",
  failed: "That did not work: {text}",
  link: "opens a new tab",
  unread: "{n} new",
};

const ES = {
  title: "Lienzo, patio de pruebas",
  what: "Un servidor de prácticas en tu propio equipo: el bot de verdad, nada en internet; se borra al cerrarlo.",
  skip: "Ir al cuadro de mensajes",
  channels: "Canales",
  openChannels: "Abrir la lista de canales",
  closeChannels: "Cerrar la lista de canales",
  directMessages: "Mensajes directos",
  writeBot: "Escribir a {name}",
  youAre: "Eres",
  switchUser: "Escribir como {name}",
  onAccount: "{name} en esta cuenta",
  onAccountHint: "Esta persona puede usar los comandos en cualquier servidor y conversación, también donde el bot no está",
  takesDms: "Recibe mensajes de {name}",
  takesDmsHint: "Si está desactivado, el bot no puede enviarle mensajes directos",
  notHere: "{name} no está aquí. Añádelo a tu cuenta para usarlo en cualquier sitio.",
  installApp: "Añadir {name}",
  language: "Idioma",
  bot: "Bot",
  online: "en línea",
  starting: "arrancando…",
  offline: "desconectado",
  restart: "Matar y reiniciar",
  restartHint: "Termina de golpe el proceso del bot y lo vuelve a arrancar: los trabajos y los botones sobreviven",
  kill: "Matar",
  start: "Arrancar",
  connectionLost: "Se perdió la conexión. Reintentando…",
  connectionBack: "Conectado de nuevo",
  messages: "Mensajes en {name}",
  messageBy: "{name}, {time}",
  loadOlder: "Mensajes anteriores",
  newMessages: "Ir al mensaje más reciente",
  welcome: "Te damos la bienvenida a {name}",
  welcomeText: "Escribe / para ver todos los comandos, o empieza con uno de estos:",
  tryPrompts: "Probar un prompt",
  runTry: "Ejecutar: {text}",
  app: "APP",
  used: "{name} usó",
  edited: "(editado)",
  thinking: "{name} está pensando…",
  onlyYou: "Solo tú puedes ver esto",
  dismiss: "Descartar",
  parentGone: "El mensaje original ya no está aquí",
  jumpTo: "Ir al mensaje de {name}: {text}",
  jumpLink: "Ir a un mensaje de {name}",
  picture: "Imagen",
  openPicture: "Ver en grande: {name}",
  pictureGone: "Imagen no disponible",
  openOriginal: "Abrir el original",
  close: "Cerrar",
  previous: "Imagen anterior",
  next: "Imagen siguiente",
  counter: "{n} de {total}",
  spoiler: "Spoiler, pulsa para mostrar",
  react: "Añadir una reacción",
  reactWith: "Reaccionar con {emoji}",
  reaction: "{emoji}, {n}",
  more: "Más acciones",
  apps: "Aplicaciones",
  onAuthor: "Aplicaciones, sobre {name}",
  copyText: "Copiar el texto",
  copyId: "Copiar el ID del mensaje",
  copied: "Copiado",
  openThread: "Abrir el hilo: {name}",
  threadStarted: "{name} abrió un hilo",
  typing: "{name} está escribiendo…",
  arrived: "{name}: {text}",
  noResponse: "La aplicación no ha respondido",
  sending: "Enviando el comando…",
  composer: "Mensaje a {name}",
  composerHint: "Mensaje a {name}, o / para un comando",
  send: "Enviar",
  commands: "Comandos",
  noCommands: "Ningún comando se llama así",
  options: "Opciones",
  addOption: "Añadir una opción",
  removeOption: "Quitar {name}",
  leaveCommand: "Salir del comando",
  required: "obligatorio",
  optional: "opcional",
  noMatches: "Sin coincidencias",
  chooseFile: "Elegir un archivo",
  replaceFile: "Elegir otro archivo",
  removeFile: "Quitar {name}",
  uploading: "Subiendo {name}…",
  tooBig: "{name} ocupa más de 25 MiB",
  noPlaceForFile: "Este comando no admite archivos",
  attach: "Adjuntar archivos",
  needed: "{name} es obligatorio",
  integer: "{name} debe ser un número entero",
  number: "{name} debe ser un número",
  atLeast: "{name} debe ser al menos {min}",
  atMost: "{name} debe ser como mucho {max}",
  tooShort: "{name} necesita al menos {min} caracteres",
  tooLong: "{name} admite como mucho {max} caracteres",
  choose: "Elige uno de los valores de {name}",
  yes: "Verdadero",
  no: "Falso",
  type3: "texto", type4: "número entero", type5: "verdadero o falso", type6: "persona", type7: "canal",
  type8: "rol", type9: "persona o rol", type10: "número", type11: "archivo",
  select: "Haz una selección",
  selectDone: "Listo",
  fieldRequired: "Esto es obligatorio",
  fieldShort: "Al menos {min} caracteres",
  fieldFew: "Elige al menos {min}",
  fieldMany: "Elige como mucho {max}",
  upTo: "hasta {max}",
  submit: "Enviar",
  cancel: "Cancelar",
  failed: "No ha funcionado: {text}",
  link: "se abre en otra pestaña",
  unread: "{n} nuevos",
};

let locale = "en-US";

export const currentLocale = () => locale;

/** The page's language for what a browser prefers: the same, or the same language of another country, else English. */
export function localeFor(preferred) {
  const of = (tag) => tag.toLowerCase().split("-")[0];
  const known = LOCALES.map(([value]) => value).reverse(); // Spanish of anywhere but Spain is that of Latin America
  const found = preferred.map((tag) => known.find((value) => value === tag) ?? known.find((value) => of(value) === of(tag)));
  return found.find(Boolean) ?? "en-US";
}

export function setLocale(next) {
  locale = next;
  document.documentElement.lang = next;
}

/** The text named `key`, with `{name}` filled from `values`. */
export function t(key, values = {}) {
  const text = (locale.startsWith("es") ? ES : EN)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const TEXT_KEYS = { en: Object.keys(EN), es: Object.keys(ES) };

const formats = new Map();

function format(options) {
  const key = locale + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, options));
  return formats.get(key);
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** A moment in milliseconds, in one of Discord's styles t T d D f F. */
export const formatTime = (ms, style) => format(STYLES[style] ?? STYLES.f).format(ms);

export const sameDay = (a, b) => new Date(a).toDateString() === new Date(b).toDateString();

/** "in 5 minutes", "2 hours ago". */
export function relativeTime(ms, nowMs) {
  const units = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const seconds = (ms - nowMs) / 1000;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

export function formatSize(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(3, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)));
  const options = { style: "unit", unit: units[power], unitDisplay: "narrow", maximumFractionDigits: power > 1 ? 1 : 0 };
  return new Intl.NumberFormat(locale, options).format(bytes / 1024 ** power);
}
