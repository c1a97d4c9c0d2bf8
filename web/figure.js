// Starts figure.wasm and stands between it and the document around it: what of
// keys, wheel and fingers is the figure's, and what is the page's.
"use strict";
{
  const loading = document.getElementById("loading");
  const system = { dark: matchMedia("(prefers-color-scheme: dark)"), still: matchMedia("(prefers-reduced-motion: reduce)") };
  const inPage = parent !== window;
  const host = {
    ready() {
      document.title = `${host.title} · attnlab`;
      apply();
    },
    fail(text) {
      loading.textContent = text;
      document.body.append(loading);
    },
    save(png) {
      const a = document.createElement("a");
      a.href = URL.createObjectURL(new Blob([png], { type: "image/png" }));
      a.download = `attnlab-${wanted().get("figure")}.png`;
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
    },
  };
  globalThis.figureHost = host;

  // Where a program draws the figures, and no GPU, the page answers nobody while it draws a frame of theirs: no motion.
  const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  const slow = !probe;
  probe?.getExtension("WEBGL_lose_context")?.loseContext();

  // The session as far as a figure draws it: selections and the given kinds of snapshots. To read one costs the page
  // more than to draw it: the newest is read, at most four times a second, or once where a program draws.
  host.listen = (session, kinds) => {
    const drawn = new Set(kinds.split(" "));
    const channel = new BroadcastChannel("attnlab:" + session);
    let selected; // as last heard
    const postMessage = (text) => { selected = undefined; channel.postMessage(text); };
    const end = { onmessage: null, postMessage, close: () => channel.close() };
    const newest = new Map(), resting = new Set();
    function deliver(kind) {
      if (resting.has(kind) || !newest.has(kind)) return;
      const event = newest.get(kind);
      newest.delete(kind);
      resting.add(kind);
      setTimeout(() => { resting.delete(kind); deliver(kind); }, slow ? 1000 : 250);
      if (slow) channel.postMessage('{"kind":"Touch","body":{}}'); // the engine makes room to draw it
      end.onmessage?.(event);
    }
    channel.onmessage = (event) => {
      const kind = /^{"kind":"(\w+)"/.exec(event.data)?.[1];
      if (kind === "Hover" && drawn.has(kind)) return end.onmessage?.(event);
      if (kind === "Selection" || kind === "Select") { // the engine repeats what a screen selects: one frame is enough
        const now = /{"step":[^}]*}/.exec(event.data)?.[0];
        if (now !== selected) end.onmessage?.(event);
        selected = now;
      }
      if (!drawn.has(kind)) return;
      newest.set(kind, event);
      deliver(kind);
    };
    return end;
  };

  const wanted = () => new URLSearchParams(location.hash.slice(1));
  let told = {}; // by messages: stronger than the hash
  const options = new Set(); // of the figure, as far as anybody has set them

  function apply() {
    let theme = told.theme || wanted().get("theme");
    if (theme !== "light" && theme !== "dark") theme = system.dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    if (!host.set) return;
    host.set("theme", theme);
    host.set("motion", system.still.matches || slow ? "none" : "some");
    for (const name of [...wanted().keys(), ...Object.keys(told)]) {
      if (!["figure", "session", "theme", "motion", "save"].includes(name)) options.add(name);
    }
    for (const name of options) host.set(name, told[name] ?? wanted().get(name) ?? ""); // the empty text is an option's default
  }

  // {theme: "light"|"dark"|"", OPTION: "VALUE", save: true}, of this origin only. The options are those of the figure.
  addEventListener("message", (e) => {
    if (e.origin !== location.origin || !e.data || typeof e.data !== "object") return;
    for (const [name, value] of Object.entries(e.data)) {
      if (typeof value === "string") told[name] = value;
    }
    if (e.data.save && host.set) host.set("save", "png");
    apply();
  });
  let shown = wanted();
  addEventListener("hashchange", () => {
    const now = wanted();
    if (now.get("figure") !== shown.get("figure") || now.get("session") !== shown.get("session")) location.reload();
    told = {};
    shown = now;
    apply();
  });
  system.dark.addEventListener("change", apply);
  system.still.addEventListener("change", apply);
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => location.reload());
  apply();

  // A window outlives its page, which holds a lock while it lives (lab.js). The window then says so, and joins the next
  // page of the lab that opens: the same one after a reload.
  async function outlive() {
    const prefix = "attnlab:session:", own = prefix + wanted().get("session");
    const open = async () => (await navigator.locks.query()).held.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    const others = (await open()).filter((name) => name !== own);
    await navigator.locks.request(own, { mode: "shared" }, () => {}); // granted once the page is gone
    gone("The page of this figure was closed or reloaded. Open the lab again, and this window joins it.");
    for (;; await new Promise((done) => setTimeout(done, 500))) {
      const opened = (await open()).find((name) => !others.includes(name));
      if (!opened) continue;
      document.getElementById("gone").remove();
      if (opened === own) return outlive(); // Back brought the page back as it was
      const hash = wanted();
      hash.set("session", opened.slice(prefix.length));
      location.replace("#" + hash); // loads the figure again, see hashchange
      return;
    }
  }
  // Without locks, as on plain HTTP, the window asks for an answer whenever it is looked at again.
  function ask() {
    const channel = new BroadcastChannel("attnlab:" + wanted().get("session"));
    channel.postMessage('{"kind":"Hello","body":{}}');
    const silent = setTimeout(() => gone("No page of the lab answers this figure. Open it again from the page."), 15000);
    channel.onmessage = () => {
      clearTimeout(silent);
      channel.close();
      document.getElementById("gone")?.remove();
    };
  }
  function gone(text) {
    const notice = document.getElementById("gone") || document.body.appendChild(document.createElement("p"));
    Object.assign(notice, { id: "gone", role: "status", textContent: text });
  }
  if (!inPage && wanted().get("session")) {
    if (navigator.locks) outlive();
    else addEventListener("focus", ask);
  }

  // Keys that a figure does not use go to the page, so that its shortcuts work here too; Tab leaves as everywhere.
  const ours = /^(Arrow(Left|Right|Up|Down)|Home|End|Enter|Space|Escape|Equal|Minus|NumpadAdd|NumpadSubtract|Digit0|BracketLeft|BracketRight|Key[CP])$/;
  function key(e) {
    document.documentElement.toggleAttribute("data-keys", true);
    if (ours.test(e.code) && !e.ctrlKey && !e.metaKey && !e.altKey) return;
    e.stopImmediatePropagation();
    if (inPage && e.type === "keydown" && e.key !== "Tab") {
      const { key, code, ctrlKey, metaKey, altKey, shiftKey } = e;
      parent.postMessage({ figureKey: { key, code, ctrlKey, metaKey, altKey, shiftKey } }, location.origin);
    }
  }
  addEventListener("keydown", key, true);
  addEventListener("keyup", key, true);

  // A wheel zooms with Ctrl or once the figure has been clicked into; else it scrolls the page.
  addEventListener("wheel", (e) => {
    if (!host.zoomable || !(e.ctrlKey || e.metaKey || document.hasFocus() && document.activeElement?.tagName === "CANVAS")) e.stopImmediatePropagation();
  }, { capture: true, passive: true });

  // One finger scrolls the page and taps; it pans where the figure is zoomed, and two fingers zoom.
  let figureHasTouch = false;
  function touch(e) {
    if (e.type === "touchstart") figureHasTouch = figureHasTouch || host.zoomable && (e.touches.length > 1 || host.zoomed());
    if (!figureHasTouch) e.stopImmediatePropagation();
    if (e.touches.length === 0) figureHasTouch = false;
  }
  for (const type of ["touchstart", "touchmove", "touchend"]) addEventListener(type, touch, { capture: true, passive: true });
  addEventListener("pointerdown", () => document.documentElement.toggleAttribute("data-keys", false), true);
  addEventListener("focus", () => document.documentElement.toggleAttribute("data-keys", document.activeElement?.matches(":focus-visible")));
  document.addEventListener("mouseleave", () => host.leave?.());

  new MutationObserver((_, observer) => {
    const canvas = document.querySelector("canvas");
    if (!canvas) return;
    observer.disconnect();
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    const describe = () => canvas.setAttribute("aria-label", `${host.caption?.() ?? ""} Arrow keys select, Escape gives up; the page has the same numbers as a table.`);
    describe();
    canvas.addEventListener("focus", describe);
  }).observe(document.body, { childList: true });

  // Megabytes are counted as they come; how many there will be is not known where they travel compressed.
  async function load() {
    const response = await fetch("figure.wasm");
    if (!response.ok) throw new Error(`The figure cannot be loaded (${response.status}); reload the page.`);
    let bytes = 0;
    const total = response.headers.get("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
    const count = new TransformStream({
      transform(chunk, out) {
        bytes += chunk.length;
        const mb = (n) => (n / 1e6).toFixed(1);
        loading.textContent = `Loading the figure: ${mb(bytes)}${total ? " of " + mb(total) : ""} MB`;
        out.enqueue(chunk);
      },
    });
    const go = new Go();
    const body = new Response(response.body.pipeThrough(count), { headers: { "Content-Type": "application/wasm" } });
    const { instance } = await WebAssembly.instantiateStreaming(body, go.importObject);
    loading.remove();
    await go.run(instance);
  }
  load().catch((e) => host.fail(e.message));
}
