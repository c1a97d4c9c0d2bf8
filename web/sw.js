// Keeps one whole version of the site for use without a network. The names and the version are filled in when the site is
// built; another version is another cache, and a page never gets files of two.
"use strict";

const version = "{{.Version}}";
const first = {{.First}}; // what a first visit needs
const rest = {{.Rest}};

const cache = () => caches.open("attnlab-" + version);
const at = (path) => new URL(path, registration.scope).href;
const fresh = (path) => new Request(at(path), { cache: "no-cache" });

self.addEventListener("install", (event) => {
  event.waitUntil(cache().then((c) => c.addAll(first.map(fresh))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("attnlab-") && name !== "attnlab-" + version) await caches.delete(name);
    }
    await clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") skipWaiting();
  if (event.data === "the rest") {
    event.waitUntil(cache().then(async (c) => {
      for (const path of rest) {
        if (!await c.match(at(path))) await c.add(fresh(path));
      }
    }).catch(() => {})); // another time
  }
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !url.href.startsWith(registration.scope)) return;
  event.respondWith((async () => {
    const c = await cache();
    const path = url.href.slice(registration.scope.length).replace(/[?#].*$/, "");
    const known = path === "" || path === "index.html" ? at("./") : at(path);
    const kept = await c.match(known);
    // A Worker takes its address from the response: a new one has none, so that ?session=… of the request stays.
    if (kept) return url.search ? new Response(kept.body, kept) : kept;
    const response = await fetch(event.request).catch(() => Response.error()); // offline, and never fetched before
    if (response.ok && rest.includes(path)) await c.put(known, response.clone());
    return response;
  })());
});
