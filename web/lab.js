// Starts the lab: theme, session, the engine's Worker, then the page, each as early as it can be. What it hands on is in
// globalThis.attnlab; what it says while it loads, and that an update is ready, are events of the window.
"use strict";
{
  const root = document.documentElement;
  const theme = localStorage.getItem("attnlab-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const site = JSON.parse(document.getElementById("site").textContent);
  const query = new URLSearchParams(location.search);
  const lab = globalThis.attnlab = {
    version: site.version,
    session: query.get("session") || Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join(""),
    backend: ["host", "webgpu"].includes(query.get("backend")) ? query.get("backend") : "auto",
    example: "",
    update: false,
  };
  const tell = (name, detail) => dispatchEvent(new CustomEvent("attnlab-" + name, { detail }));

  // A page that joins a session of another page has its engine there.
  if (!query.has("session")) {
    lab.worker = new Worker(`web/worker.js?session=${lab.session}&backend=${lab.backend}`);
    // Held while the page lives, so that the windows of its figures know when it is gone: figure.js waits for it.
    const hold = () => navigator.locks?.request("attnlab:session:" + lab.session, () => new Promise((done) => addEventListener("pagehide", done, { once: true })));
    hold();
    addEventListener("pageshow", (e) => e.persisted && hold());
  }

  // go-app asks for its settings here; all addresses of the page are relative.
  globalThis.goappGetenv = () => "";

  // counted is a response whose bytes are told as they come.
  const counted = (response, total) => {
    if (!response.ok) throw new Error(`${response.url} cannot be loaded (${response.status})`);
    let bytes = 0;
    return new Response(response.body.pipeThrough(new TransformStream({
      transform(chunk, out) {
        bytes += chunk.byteLength;
        bar.value = bytes / total;
        out.enqueue(chunk);
      },
    })), { headers: { "Content-Type": "application/wasm" } });
  };

  const bar = document.createElement("progress");
  bar.className = "page-progress";
  bar.setAttribute("aria-label", "loading the page");

  const script = (src) => new Promise((done, failed) => {
    const s = document.createElement("script");
    s.src = src;
    s.onload = done;
    s.onerror = () => failed(new Error(`${src} cannot be loaded`));
    document.head.append(s);
  });

  async function start() {
    const example = fetch("web/example.json").then((r) => r.ok ? r.text() : "").catch(() => "");
    const wasm = fetch("web/app.wasm").then((r) => counted(r, site.page));
    await script("web/wasm_exec.js");
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(wasm, go.importObject);
    lab.example = await example;
    bar.remove();
    go.run(instance);
  }

  addEventListener("DOMContentLoaded", () => {
    document.body.append(bar);
    start().catch((error) => {
      bar.remove();
      console.error(error);
      const p = document.createElement("p");
      p.className = "banner failed";
      p.textContent = typeof WebAssembly === "object" ? `The lab cannot start: ${error.message}. Reload the page.`
        : "The lab needs a browser with WebAssembly; any current Chrome, Edge, Firefox or Safari has it.";
      document.body.prepend(p);
    });
  });

  // place moves a floating card next to what opened it; on a narrow screen its sheet stays where it is.
  globalThis.attnlabPlace = (id, anchor) => {
    const card = document.getElementById(id);
    const from = document.querySelector(`[data-do="${CSS.escape(anchor)}"].open`);
    if (!card || !from || card.hidden || matchMedia("(max-width: 760px)").matches) {
      card?.style.removeProperty("left");
      card?.style.removeProperty("top");
      return;
    }
    const a = from.getBoundingClientRect(), c = card.getBoundingClientRect(), gap = 8;
    const left = a.right + gap + c.width < innerWidth ? a.right + gap : Math.max(gap, a.left - gap - c.width);
    card.style.left = `${left}px`;
    card.style.top = `${Math.max(gap, Math.min(a.top - 16, innerHeight - c.height - gap))}px`;
  };

  globalThis.attnlabReveal = (id) => {
    const element = document.getElementById(id);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element?.scrollIntoView({ block: "nearest", behavior: still ? "instant" : "smooth" });
    if (id === "main") element?.focus();
  };

  // Offline, and newer versions: the Service Worker keeps one whole version and never mixes two.
  globalThis.attnlabUpdate = () => {};
  if ("serviceWorker" in navigator && !query.has("session")) {
    navigator.serviceWorker.register("sw.js").then((registration) => {
      const ready = (worker) => {
        if (!worker || !navigator.serviceWorker.controller) return;
        globalThis.attnlabUpdate = () => {
          navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
          worker.postMessage("take over");
        };
        lab.update = true;
        tell("update");
      };
      ready(registration.waiting);
      registration.addEventListener("updatefound", () => {
        const worker = registration.installing;
        worker.addEventListener("statechange", () => {
          if (worker.state === "installed") ready(registration.waiting);
        });
      });
      return navigator.serviceWorker.ready;
    }).then((registration) => {
      // The figures are not needed to begin; they are kept for offline once the rest is at rest.
      setTimeout(() => registration.active?.postMessage("the rest"), 15000);
    }).catch(() => {}); // a site without one works online
  }
}
