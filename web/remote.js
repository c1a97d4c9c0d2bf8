// The line to an engine that runs in a program of its own: remote.js?session=ID. It stands where worker.js stands otherwise, and
// passes messages between the session's channel and the program's WebSocket. A line that breaks is opened again. Messages of both
// ends are numbered and repeated until the other end has them, so none is lost and none is carried out twice.
"use strict";

const here = new URL(self.location.href);
const session = here.searchParams.get("session");
const channel = new BroadcastChannel("attnlab:" + session);
const seat = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
const address = new URL("../../line", here); // beside the page

let token = "", version = "", backend = "";
let line = null; // open, and welcome was said
let opening = null; // not yet
let machine = "", watch = false, others = false, boot = "", limit = Infinity;
let got = 0, confirmed = 0; // number of the last message that came, and the last that was confirmed
let number = 0; // of the last command
let waiting = []; // commands that the program has not confirmed: {number, text}
let tries = 0, timer = 0, stopped = false;
let state = null; // the last Connection, which new screens get

const post = (kind, body) => channel.postMessage(JSON.stringify({ kind, body }));
const tell = (name, text = "", fresh = false) => {
  state = { state: name, machine, watch, others, text, fresh };
  post("Connection", state);
};

channel.onmessage = ({ data }) => {
  const kind = /^{"kind":"(\w+)"/.exec(data)?.[1];
  if (!kind) return;
  if (kind === "Hello" && state) post("Connection", { ...state, text: state.state === "open" ? "" : state.text, fresh: false });
  if (events.has(kind)) return; // of the page to its figures
  if (!line && (kind === "Hover" || kind === "UserActive")) return; // of no use later
  if (3 * data.length > limit && new TextEncoder().encode(data).length + 32 > limit) { // the server would close the line
    post("Failure", { command: kind, text: `This is larger than the ${limit >> 20} MB that a page may send to the engine at once. Choose less at once.` });
    post("Status", { stage: "ready", done: 0, total: 0, busy: false });
    return;
  }
  waiting.push({ number: ++number, text: data });
  if (line) line.send(`say ${number}\n${data}`);
};
const events = new Set(["Trace", "Selection", "Connection"]); // that pages and this script post

// Files that the page hands to the engine stay here, the newest four choices of them. The program learns their names and asks for ranges.
const choices = new Map(); // [{name, file}] by the id of the choice
new BroadcastChannel("attnlab:files:" + session).onmessage = ({ data: { id, files } }) => {
  choices.set(id, files);
  if (choices.size > 4) choices.delete(choices.keys().next().value);
  if (line) hold(line, id);
};
function hold(one, id) {
  if (!watch) one.send(`hold ${id}\n${JSON.stringify(choices.get(id).map(({ name, file }) => ({ name, size: file.size })))}`);
}

// give answers the program's request for a range.
async function give(one, { number, id, name, from, size }) {
  try {
    const { file } = choices.get(id).find((f) => f.name === name);
    const bytes = await file.slice(from, from + size).arrayBuffer();
    one.send(await new Blob([`range ${number}\n`, bytes]).arrayBuffer());
  } catch (error) {
    if (one === line) one.send(`unread ${number}\n${error.message}`);
  }
}

// The page says once with which token, and later that it is seen again.
self.onmessage = ({ data }) => {
  if (data.token !== undefined) {
    ({ token, version, backend } = data);
    tell("connecting");
    open();
  } else if (data === "look") {
    look();
  }
};

function open() {
  clearTimeout(timer);
  if (opening || line || stopped) return;
  const url = new URL(address);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = new URLSearchParams({ seat, got, version, backend });
  const one = opening = new WebSocket(url, ["attnlab", "token." + token]);
  one.onmessage = ({ data }) => take(one, data);
  one.onclose = ({ code }) => gone(one, code);
}

// gone opens a line again after one that broke or could not be opened.
async function gone(one, code) {
  if (one !== line && one !== opening) return;
  const was = line;
  line = opening = null;
  if (code === 4001) return refuse("This page is of another version than the engine. Reload the page.");
  if (was) tell("lost", "The line to the engine is lost. The engine goes on by itself, and this page joins it again.");
  if (!was) {
    const why = await reason();
    if (why) return refuse(why);
    if (!boot && state?.state !== "lost") tell("lost", "The engine's program does not answer. This page tries again until it does.");
  }
  timer = setTimeout(open, Math.min(5000, 200 * 2 ** tries++));
}

// reason asks why no line can be opened; empty where nobody answers, so that it is worth another try.
async function reason() {
  try {
    const answer = await fetch(address, { headers: { Authorization: "Bearer " + token }, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return (await answer.text()).trim();
    if (answer.status === 404) {
      self.postMessage({ none: true });
      return "No engine runs where this page comes from. Let this browser compute, or start attnlab with --engine native.";
    }
  } catch { /* nobody answers */ }
  return "";
}

function refuse(text) {
  stopped = true;
  tell("refused", text);
}

// take takes a message: a first line with a word and its argument, then what is said.
function take(one, data) {
  heard = Date.now();
  const end = data.indexOf("\n");
  const head = end < 0 ? data : data.slice(0, end);
  const space = head.indexOf(" ");
  const word = space < 0 ? head : head.slice(0, space), argument = space < 0 ? "" : head.slice(space + 1);
  switch (word) {
    case "welcome": return welcome(one, JSON.parse(argument));
    case "took":
      waiting = waiting.filter((w) => w.number > Number(argument));
      return;
    case "say":
      if (Number(argument) <= got) return; // repeated
      got = Number(argument);
      channel.postMessage(data.slice(end + 1));
      confirm();
      return;
    case "read": give(one, JSON.parse(argument));
  }
}

// confirm says what came, at most ten times a second.
let confirming = 0;
function confirm() {
  confirming ||= setTimeout(() => {
    confirming = 0;
    if (line && got > confirmed) line.send(`got ${confirmed = got}`);
  }, 100);
}

function welcome(one, w) {
  const first = !boot, again = !first && boot === w.boot, slept = state?.text.includes("slept");
  line = one;
  opening = null;
  tries = 0;
  ({ machine, watch, others, limit, boot } = w);
  if (!watch) self.postMessage({ owner: token });
  if (again && w.known) {
    waiting = waiting.filter((c) => c.number > w.took);
  } else {
    got = confirmed = 0;
    if (!first) {
      if (waiting.length > 0) post("Failure", { command: "", text: "What you asked for while the line to the engine was lost was not carried out. Ask again." });
      waiting = []; // perhaps some of it was
    }
    waiting = waiting.map((c, i) => ({ number: i + 1, text: c.text }));
    waiting.push({ number: waiting.length + 1, text: '{"kind":"Hello","body":{}}' });
    number = waiting.length;
  }
  if (first) tell("open");
  else if (again) tell("open", slept ? "This page slept, and the line to the engine is open again. Nothing was lost." : "The line to the engine is open again. Nothing was lost.");
  else tell("open", "The engine's program was started again.", true);
  for (const id of choices.keys()) hold(one, id);
  for (const c of waiting) one.send(`say ${c.number}\n${c.text}`);
}

// look tests the line, after the page or the machine slept. A line that says nothing for four seconds is given up.
let heard = Date.now();
function look() {
  if (!line) {
    tries = 0;
    return open();
  }
  const asked = Date.now(), one = line;
  one.send("ping");
  setTimeout(() => {
    if (heard < asked && one === line) {
      one.onclose = null;
      one.close();
      line = null;
      tell("lost", "This page slept, and the line to the engine broke meanwhile. It is opened again.");
      open();
    }
  }, 4000);
}
let awake = Date.now();
setInterval(() => {
  if (Date.now() - awake > 10000) look();
  awake = Date.now();
}, 2000);
self.addEventListener("online", look);
