// Starts figure.wasm and connects it to its document and to the page around it. It decides which keys, wheel turns and
// touches the figure takes, and which the page takes.
"use strict";
{
  const loading = document.getElementById("loading");
  const system = { dark: matchMedia("(prefers-color-scheme: dark)"), still: matchMedia("(prefers-reduced-motion: reduce)") };
  const inPage = parent !== window;
  if (!inPage) { // a window of its own is a page of its own, with a heading for those who do not see it
    const main = document.createElement("main");
    main.append(Object.assign(document.createElement("h1"), { className: "unseen", textContent: "A figure of attnlab" }));
    loading.before(main);
  }
  const host = {
    ready() {
      document.title = `${host.title} · attnlab`;
      const heading = document.querySelector("h1");
      if (heading) heading.textContent = host.title;
      apply();
    },
    describe(caption) {
      document.querySelector("#plain, canvas")?.setAttribute("aria-label", `${caption} Arrow keys select, Escape cancels; the page has the same numbers as a table.`);
    },
    fail(text) {
      loading.textContent = text;
      document.body.append(loading);
    },
    // enter puts the drawing into the page's main part, where there is one. It keeps the focus.
    enter(drawing) {
      const focused = document.activeElement === drawing;
      (document.querySelector("main") ?? document.body).append(drawing);
      if (focused) drawing.focus();
    },
    // save offers a picture or its numbers as a file; its kind is png, svg, gif or csv.
    save(kind, data) {
      const a = document.createElement("a");
      a.href = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type: { svg: "image/svg+xml", csv: "text/csv" }[kind] ?? "image/" + kind }));
      a.download = `attnlab-${wanted().get("figure")}.${kind}`;
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
    },
    // raster draws a picture that is given as SVG, with scale pixels for one of it.
    async raster(text, scale) {
      const image = new Image();
      image.src = "data:image/svg+xml," + encodeURIComponent(text);
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: Math.ceil(scale * image.width), height: Math.ceil(scale * image.height) });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return canvas;
    },
    // pixels are those of such a picture: its width, its height, and four bytes for each.
    async pixels(text) {
      const canvas = await host.raster(text, devicePixelRatio);
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    },
    async savePNG(text) {
      const canvas = await host.raster(text, 2);
      canvas.toBlob((blob) => host.save("png", blob));
    },
    // settings are those of the page, for the text below a saved picture: the link that opens it again. A window of its own has its options.
    settings() {
      const own = wanted();
      for (const name of ["session", "theme"]) own.delete(name);
      const text = inPage ? parent.location.origin + parent.location.pathname + parent.location.hash : "#" + own;
      return text.length > 1 ? "attnlab · " + text : "attnlab";
    },
  };
  globalThis.figureHost = host;

  // Without a GPU a program draws the figures, and the page does not respond while it draws a frame: figures then do not move.
  const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  const slow = !probe;
  host.plain = !probe && !document.createElement("canvas").getContext("webgl2"); // then the program draws SVG
  probe?.getExtension("WEBGL_lose_context")?.loseContext();

  // listen opens the session's channel for a figure. The figure receives selections and the given kinds of snapshots. Reading
  // a snapshot costs the page more than drawing it, so the figure receives only the newest, at most four times a second, or
  // once a second without a GPU.
  host.listen = (session, kinds) => {
    const drawn = new Set(kinds.split(" "));
    const channel = new BroadcastChannel("attnlab:" + session);
    let selected; // the last selection received
    const postMessage = (text) => { selected = undefined; channel.postMessage(text); };
    const end = { onmessage: null, postMessage, close: () => channel.close() };
    const newest = new Map(), resting = new Set();
    function deliver(kind) {
      if (resting.has(kind) || !newest.has(kind)) return;
      const event = newest.get(kind);
      newest.delete(kind);
      resting.add(kind);
      setTimeout(() => { resting.delete(kind); deliver(kind); }, slow ? 1000 : 250);
      if (slow) channel.postMessage('{"kind":"UserActive","body":{}}'); // the engine pauses while the figure is drawn
      end.onmessage?.(event);
    }
    channel.onmessage = (event) => {
      const kind = /^{"kind":"(\w+)"/.exec(event.data)?.[1];
      if (kind === "Hover" && drawn.has(kind)) return end.onmessage?.(event);
      if (kind === "Selection" || kind === "Select") { // the engine repeats a screen's selection: draw it once
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
  let sent = {}; // options from messages; they win over those of the hash
  const options = new Set(); // of the figure that a message or the hash has set

  function apply() {
    let theme = sent.theme || wanted().get("theme");
    if (theme !== "light" && theme !== "dark") theme = system.dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    if (!host.set) return;
    host.set("theme", theme);
    host.set("motion", system.still.matches || slow ? "none" : "some");
    for (const name of [...wanted().keys(), ...Object.keys(sent)]) {
      if (!["figure", "session", "theme", "motion", "save"].includes(name)) options.add(name);
    }
    for (const name of options) host.set(name, sent[name] ?? wanted().get(name) ?? ""); // the empty text is an option's default
  }

  // {theme: "light"|"dark"|"", OPTION: "VALUE", save: "png"|"svg"|"gif"|"csv"}, of this origin only. The options are those of the figure.
  addEventListener("message", (e) => {
    if (e.origin !== location.origin || !e.data || typeof e.data !== "object") return;
    for (const [name, value] of Object.entries(e.data)) {
      if (typeof value === "string") sent[name] = value;
    }
    if (["png", "svg", "gif", "csv"].includes(e.data.save)) host.set?.("save", e.data.save);
    apply();
  });
  let shown = wanted();
  addEventListener("hashchange", () => {
    const now = wanted();
    if (now.get("figure") !== shown.get("figure") || now.get("session") !== shown.get("session")) location.reload();
    sent = {};
    shown = now;
    apply();
  });
  system.dark.addEventListener("change", apply);
  system.still.addEventListener("change", apply);
  const density = devicePixelRatio; // paper has another, but not for long
  matchMedia(`(resolution: ${density}dppx)`).addEventListener("change", () => { if (devicePixelRatio !== density) location.reload(); });
  apply();

  // A window can outlive its page. The page holds a lock as long as it is open (lab.js). When the lock is free the window says
  // so, and joins the next page of the lab that opens, such as the same page after a reload.
  async function outlive() {
    const prefix = "attnlab:session:", own = prefix + wanted().get("session");
    const open = async () => (await navigator.locks.query()).held.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    const others = (await open()).filter((name) => name !== own);
    await navigator.locks.request(own, { mode: "shared" }, () => {}); // granted once the page is gone
    gone("The page of this figure was closed or reloaded. Open the lab again, and this window joins it.");
    for (;; await new Promise((done) => setTimeout(done, 500))) {
      const opened = (await open()).find((name) => !others.includes(name));
      if (!opened) continue;
      gone("");
      if (opened === own) return outlive(); // Back brought the page back as it was
      const hash = wanted();
      hash.set("session", opened.slice(prefix.length));
      location.replace("#" + hash); // loads the figure again, see hashchange
      return;
    }
  }
  // Without locks, as on plain HTTP, the window asks its page for an answer each time it gets the focus.
  function ask() {
    const channel = new BroadcastChannel("attnlab:" + wanted().get("session"));
    channel.postMessage('{"kind":"Hello","body":{}}');
    const silent = setTimeout(() => gone("No page of the lab answers this figure. Open it again from the page."), 15000);
    channel.onmessage = () => {
      clearTimeout(silent);
      channel.close();
      gone("");
    };
  }
  // The figure is drawn above the notice, which an empty text takes away.
  function gone(text) {
    document.getElementById("gone")?.remove();
    document.body.style.height = "";
    if (!text) return;
    const notice = Object.assign(document.createElement("p"), { id: "gone", role: "status", textContent: text });
    document.body.append(notice);
    document.body.style.height = `calc(100% - ${notice.offsetHeight}px)`;
  }
  if (!inPage && wanted().get("session")) {
    if (navigator.locks) outlive().catch(() => addEventListener("focus", ask)); // a browser may deny locks
    else addEventListener("focus", ask);
  }

  // On paper a figure is an SVG in the light colours. The browser waits for these functions, but for no frame, and prints a canvas without one black.
  addEventListener("beforeprint", () => {
    if (host.paper) document.body.append(Object.assign(document.createElement("div"), { id: "paper", innerHTML: host.paper() }));
  });
  addEventListener("afterprint", () => document.getElementById("paper")?.remove());

  // fill shows a figure's window on the whole screen, for a projector, or no longer does. Escape leaves it too: the browser does that.
  function fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {}); // the browser may forbid it
  }

  // Keys that a figure does not use go to the page, so that the page's shortcuts work here too. Tab leaves the figure.
  const ours = /^(Arrow(Left|Right|Up|Down)|Home|End|Enter|Space|Escape|Equal|Minus|NumpadAdd|NumpadSubtract|Digit0|BracketLeft|BracketRight|Key[CP])$/;
  function key(e) {
    document.documentElement.toggleAttribute("data-keys", true);
    if (!inPage && e.type === "keydown" && (e.code === "KeyF" || e.code === "F11") && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      fill();
    }
    if (ours.test(e.code) && !e.ctrlKey && !e.metaKey && !e.altKey) return;
    e.stopImmediatePropagation();
    if (inPage && e.type === "keydown" && e.key !== "Tab") {
      const { key, code, ctrlKey, metaKey, altKey, shiftKey } = e;
      parent.postMessage({ figureKey: { key, code, ctrlKey, metaKey, altKey, shiftKey } }, location.origin);
    }
  }
  addEventListener("keydown", key, true);
  addEventListener("keyup", key, true);

  // The wheel zooms with Ctrl, or after a click into the figure. Otherwise it scrolls the page.
  addEventListener("wheel", (e) => {
    if (!host.zoomable || !(e.ctrlKey || e.metaKey || document.hasFocus() && document.activeElement?.matches("canvas, #plain"))) e.stopImmediatePropagation();
  }, { capture: true, passive: true });

  // One finger scrolls the page and taps, or pans a zoomed figure. Two fingers zoom.
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
    canvas.setAttribute("role", "application"); // arrow keys work in it
    canvas.setAttribute("aria-roledescription", "figure");
    if (!inPage) host.enter(canvas);
  }).observe(document.body, { childList: true });

  // load starts the program. While the server is away it tries again, as a figure of a page that waits for its server does not
  // need anybody to press a button.
  async function load() {
    if (location.protocol === "file:") throw new Error('A figure cannot run from a file. Serve the site, for example with "python3 -m http.server" in its folder.');
    const go = new Go();
    let program;
    while (!(program = await fetched(go.importObject))) {
      loading.textContent = "The line to the server is lost. The figure loads when it is back.";
      await new Promise((done) => setTimeout(done, 2000));
    }
    loading.remove();
    await go.run(program);
  }
  // Frames of all figures of a page are one task of its thread, with the frame of the page itself. So each figure draws in a task of its own after it.
  const frame = globalThis.requestAnimationFrame.bind(globalThis), draw = new MessageChannel(), due = [];
  draw.port1.onmessage = () => due.shift()();
  globalThis.requestAnimationFrame = (callback) => frame((at) => {
    due.push(() => callback(at));
    draw.port2.postMessage(0);
  });

  // fetched is the program, or null if the line to the server breaks. It shows the megabytes that have arrived. Their total is
  // not known if they travel compressed.
  async function fetched(imports) {
    const lab = inPage ? parent.attnlab : null; // where later figures of the page find what the first one compiled
    if (lab?.figure) return WebAssembly.instantiate(lab.figure, imports);
    let response;
    try {
      response = await fetch("figure.wasm");
    } catch {
      return null;
    }
    if (!response.ok) throw new Error(`The figure cannot be loaded (${response.status}). Reload the page.`);
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
    const body = new Response(response.body.pipeThrough(count), { headers: { "Content-Type": "application/wasm" } });
    try {
      const { instance, module } = await WebAssembly.instantiateStreaming(body, imports);
      if (lab) lab.figure = module;
      return instance;
    } catch (e) {
      if (e instanceof WebAssembly.CompileError || e instanceof WebAssembly.LinkError) throw e;
      return null; // the line broke on the way
    }
  }
  load().catch((e) => host.fail(e.message));
}
