// Starts the lab: storage, theme, session, the engine's Worker, then the page, each as early as possible. The page's program
// finds what it needs in globalThis.attnlab. That an update is ready is an event of the window. A page opened as a file starts
// nothing: inline.js says what to do.
"use strict";
if (location.protocol !== "file:") {
  // A browser may deny storage, for instance in a frame of another site: to read the property then throws, and a Go program
  // does not survive that. Such a page gets a storage that lasts as long as the page itself.
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("attnlab-theme");
    } catch {
      const items = new Map();
      Object.defineProperty(window, name, {
        configurable: true,
        value: {
          get length() { return items.size; },
          key: (i) => [...items.keys()][i] ?? null,
          getItem: (key) => items.get(String(key)) ?? null,
          setItem: (key, value) => { items.set(String(key), String(value)); },
          removeItem: (key) => { items.delete(String(key)); },
          clear: () => items.clear(),
        },
      });
    }
  }

  const root = document.documentElement;
  const theme = localStorage.getItem("attnlab-theme")?.replaceAll('"', ""); // stored as JSON
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const token = () => sessionStorage.getItem("attnlab-token") ?? localStorage.getItem("attnlab-token") ?? "";
  const site = JSON.parse(document.getElementById("site").textContent);
  const query = new URLSearchParams(location.search);
  const lab = globalThis.attnlab = {
    version: site.version,
    folder: site.folder, // of all files but index.html and sw.js, below the page's address
    session: query.get("session") || Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join(""),
    joined: query.has("session"), // that of another page, which has the engine
    // The engine may run in a program of its own (remote.js), which serves this page. Its link says so, and later visits know it by the token.
    native: query.get("engine") === "native" || !query.has("engine") && !!token(),
    offered: query.has("engine") || !!token(),
    backend: ["host", "webgpu"].includes(query.get("backend")) ? query.get("backend") : "auto",
    example: "",
    figure: null, // figure.wasm, once a figure has compiled it
    update: false,
    early: [], // what was pressed before the page's program ran, which takes it over and sets this to null
  };
  document.addEventListener("click", (event) => {
    const pressed = lab.early && event.target.closest?.("[data-do]");
    if (!pressed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (pressed.tagName === "A") event.preventDefault(); // the program will show that page
    lab.early.push(pressed.dataset.do);
  }, { capture: true });
  const missing = ["WebAssembly", "Worker", "BroadcastChannel", "TransformStream"].filter((name) => !(name in globalThis));

  // hold takes a lock that lasts as long as the page, so that the windows of its figures know when it is gone (figure.js). A
  // browser that denies storage denies locks too.
  const hold = () => navigator.locks?.request("attnlab:session:" + lab.session,
    () => new Promise((done) => addEventListener("pagehide", done, { once: true }))).catch(() => {});

  // startEngine starts the Worker. A page that joins the session of another page uses the engine there.
  function startEngine() {
    if (missing.length > 0) throw new Error(`this browser has no ${missing.join(", ")}`);
    if (!query.has("session") && lab.native) {
      startLine();
    } else if (!query.has("session")) {
      lab.worker = new Worker(`${lab.folder}worker.js?session=${lab.session}&backend=${lab.backend}&bytes=${site.engine}&hub=${encodeURIComponent(site.hub)}`);
      // The engine wants its storage to last from the first save on. Only a page may ask the browser for that.
      lab.worker.addEventListener("message", async (event) => {
        if (event.data !== "persist") return;
        const persist = await Promise.resolve(navigator.storage?.persist?.()).then(Boolean, () => false);
        lab.worker.postMessage({ persist });
      });
      hold();
      addEventListener("pageshow", (e) => e.persisted && hold());
    }
  }
  // startLine joins the engine of a program. The link that the program printed has a token; it moves from the address to the browser's storage.
  function startLine() {
    if (query.has("token")) {
      sessionStorage.setItem("attnlab-token", query.get("token"));
      query.delete("token");
      history.replaceState(history.state, "", "?" + query + location.hash);
    }
    lab.worker = new Worker(`${lab.folder}remote.js?session=${lab.session}`);
    lab.worker.postMessage({ token: token(), version: lab.version, backend: lab.backend === "auto" ? "" : lab.backend });
    lab.worker.addEventListener("message", ({ data }) => {
      if (data.owner) localStorage.setItem("attnlab-token", data.owner); // of later tabs; a link for watching is for one tab
      if (data.none && !query.has("engine")) { // only files are served here now
        for (const store of [localStorage, sessionStorage]) store.removeItem("attnlab-token");
        location.reload();
      }
    });
    const look = () => document.visibilityState === "visible" && lab.worker.postMessage("look");
    for (const event of ["pageshow", "online"]) addEventListener(event, look);
    document.addEventListener("visibilitychange", look);
    hold();
  }
  let failure;
  try {
    startEngine();
  } catch (error) {
    failure = error;
  }

  // A mail program may cut a link within %E2. go-app does not survive an address with such a %, so each becomes an encoded %.
  function wholeAddress() {
    const whole = location.hash.replace(/%(?![0-9a-f]{2})/gi, "%25");
    if (whole !== location.hash) history.replaceState(history.state, "", whole);
  }
  wholeAddress();
  for (const event of ["popstate", "hashchange"]) addEventListener(event, wholeAddress); // before the program's listeners

  // go-app asks for its settings here; all addresses of the page are relative.
  globalThis.goappGetenv = () => "";

  const bar = document.createElement("progress");
  bar.className = "page-progress";
  bar.setAttribute("aria-label", "loading the page");

  // counted returns the response as WebAssembly and moves the bar as its bytes arrive.
  const counted = (response, total) => {
    if (!response.ok) throw new Error(`${response.url} cannot be loaded (${response.status})`);
    let bytes = 0;
    return new Response(response.body.pipeThrough(new TransformStream({
      transform(chunk, out) {
        bytes += chunk.byteLength;
        bar.value = bytes / total;
        const mb = (n) => (n / 1e6).toFixed(1), what = document.querySelector(".engine .what");
        if (what) what.textContent = `loading the page, ${mb(bytes)} of ${mb(total)} MB`;
        out.enqueue(chunk);
      },
    })), { headers: { "Content-Type": "application/wasm" } });
  };

  const script = (src) => new Promise((done, failed) => {
    const s = document.createElement("script");
    s.src = src;
    s.onload = done;
    s.onerror = () => failed(new Error(`${src} cannot be loaded`));
    document.head.append(s);
  });

  async function start() {
    if (failure) throw failure;
    const example = fetch(lab.folder + "example.json").then((r) => r.ok ? r.text() : "").catch(() => "");
    const wasm = fetch(lab.folder + "app.wasm").then((r) => counted(r, site.page));
    await script(lab.folder + "wasm_exec.js");
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(wasm, go.importObject);
    lab.example = await example;
    bar.remove();
    go.run(instance).then(() => notStarted("The lab's program has stopped. Reload the page: saved runs are still there."), (error) => notStarted(`The lab's program has stopped: ${error.message}. Reload the page: saved runs are still there.`));
  }

  // notStarted says above the page why it does not respond.
  function notStarted(text) {
    const p = document.createElement("p");
    p.className = "banner failed";
    p.id = "not-started";
    p.textContent = text;
    document.body.prepend(p);
  }

  addEventListener("DOMContentLoaded", () => {
    document.body.append(bar);
    start().catch((error) => {
      bar.remove();
      console.error(error);
      notStarted(missing.length === 0 ? `The lab cannot start: ${error.message}. Reload the page.`
        : `The lab cannot start: ${error.message}. Any current Chrome, Edge, Firefox or Safari can run it.`);
    });
  });

  // Files and folders may be dropped anywhere on the page, which gets them all with their paths as one event.
  const drags = (event) => event.dataTransfer?.types.includes("Files");
  const over = (on) => root.toggleAttribute("data-drop", on); // figures then let the drag pass, see lab.css
  addEventListener("dragover", (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    over(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  addEventListener("drop", async (event) => {
    if (!drags(event)) return;
    event.preventDefault();
    over(false);
    const files = [];
    async function walk(entry, path) {
      if (entry.isFile) {
        const file = await new Promise((done, failed) => entry.file(done, failed));
        file.droppedPath = path + entry.name;
        files.push(file);
        return;
      }
      const reader = entry.createReader();
      for (;;) { // at most 100 at a time
        const some = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (some.length === 0) return;
        for (const one of some) await walk(one, path + entry.name + "/");
      }
    }
    const loose = [...event.dataTransfer.files];
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length === 0) files.push(...loose); // a script made the event, or an old browser
    for (const entry of entries) await walk(entry, "");
    dispatchEvent(new CustomEvent("attnlab-drop", { detail: files }));
  });

  // attnlabPlace moves a floating card next to the element that opened it; on a narrow screen the card is a sheet and stays in place.
  globalThis.attnlabPlace = (id, anchor) => {
    const card = document.getElementById(id);
    const from = document.querySelector(`[data-do="${CSS.escape(anchor)}"].open`);
    const lesson = document.querySelector(".lesson:not([hidden])"); // on a wide screen it has the right edge, on others the lower half
    const sheet = matchMedia(lesson ? "(max-width: 960px)" : "(max-width: 760px)").matches;
    if (!card || !from || card.hidden || sheet) {
      card?.style.removeProperty("left");
      card?.style.removeProperty("top");
      return;
    }
    const a = from.getBoundingClientRect(), c = card.getBoundingClientRect(), gap = 8;
    const free = lesson ? lesson.getBoundingClientRect().left : innerWidth;
    const left = a.right + gap + c.width < free ? a.right + gap : Math.max(gap, a.left - gap - c.width);
    card.style.left = `${left}px`;
    card.style.top = `${Math.max(gap, Math.min(a.top - 16, innerHeight - c.height - gap))}px`;
  };

  // attnlabRows measures the rows of a trace for its arcs, in one call, as the bytes of 64-bit numbers: width and height of the gutter; top and height of the box in
  // which a long trace scrolls, else 0; then range and middle of each row. All heights count from the top of the gutter.
  globalThis.attnlabRows = () => {
    const gutter = document.getElementById("gutter");
    if (!gutter) return null;
    const own = gutter.getBoundingClientRect(), view = document.getElementById("rows-box")?.getBoundingClientRect();
    const found = [own.width, own.height, view ? view.top - own.top : 0, view ? view.height : 0];
    for (const block of gutter.parentElement.querySelectorAll(".block:empty")) { // its rows are guessed
      const { top, height } = block.getBoundingClientRect(), first = Number(block.dataset.first), rows = Number(block.dataset.rows);
      for (let k = 0; k < rows; k++) found.push(first + k, top - own.top + (k + 0.5) * height / rows);
    }
    for (const number of gutter.parentElement.querySelectorAll(".row[data-range] > .no")) {
      const { top, height } = number.getBoundingClientRect();
      found.push(Number(number.parentElement.dataset.range), top - own.top + height / 2);
    }
    return new Uint8Array(new Float64Array(found).buffer);
  };

  globalThis.attnlabReveal = (id) => {
    const element = document.getElementById(id);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tour = document.querySelector(".tour:not([hidden])") && matchMedia("(max-width: 760px)").matches; // its card has the lower half
    element?.scrollIntoView({ block: tour ? "start" : "nearest", behavior: still ? "instant" : "smooth" });
    if (id === "main") element?.focus();
  };

  // The Service Worker stores one whole version for use without a network, and offers newer ones.
  globalThis.attnlabUpdate = () => {};
  async function offline() {
    const workers = navigator.serviceWorker;
    const registration = await workers.register("sw.js");
    const ready = (worker) => {
      if (!worker || !workers.controller) return;
      globalThis.attnlabUpdate = () => {
        workers.addEventListener("controllerchange", () => location.reload());
        worker.postMessage("take over");
      };
      lab.update = true;
      dispatchEvent(new CustomEvent("attnlab-update"));
    };
    ready(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker.addEventListener("statechange", () => {
        if (worker.state === "installed") ready(registration.waiting);
      });
    });
    const { active } = await workers.ready;
    // The figures are not needed at first; they are stored once everything else is loaded.
    setTimeout(() => active?.postMessage("the rest"), 15000);
  }
  if ("serviceWorker" in navigator && !query.has("session")) {
    offline().catch(() => {}); // denied or broken: the site works online
  }
}
