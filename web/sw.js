// The Service Worker stores one whole version of the site for use without a network. The build fills in the version and the
// names. Each version has a cache of its own, and a page never gets files of two versions.
"use strict";

const version = "{{.Version}}";
const first = ["./"].concat({{.First}}); // what a first visit needs
const rest = {{.Rest}};

// All copies of the site on one origin share its caches, so the name of a cache carries the path of its copy.
const prefix = `attnlab ${registration.scope} `;
const cache = () => caches.open(prefix + version);
const at = (path) => new URL(path, registration.scope).href;

// put stores a copy of a response. A browser refuses a redirected response for a page, "Vary" can make a stored response
// unfindable, and the stored bytes are unpacked: the copy has none of that. What is not the file at all is refused, such as
// the page that a server shows for everything it does not have.
async function put(c, path, response) {
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  const body = await response.blob();
  const page = path === "./" || path.endsWith(".html");
  if (!page && /^text\/html/.test(body.type)) throw new Error(`${path}: the server answered with a page`);
  if (path === "./" && !(await body.text()).includes(version)) throw new Error("the server's page is of another version");
  const headers = new Headers(response.headers);
  headers.delete("Vary");
  headers.delete("Content-Encoding");
  headers.set("Content-Length", body.size);
  await c.put(at(path), new Response(body, { headers }));
}

// load fetches a file from the server, not from the browser's own cache, and stores it. A line that breaks is tried again.
const load = async (c, path, tries = 3) => {
  try {
    await put(c, path, await fetch(at(path), { cache: "no-cache" }));
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise((done) => setTimeout(done, 1000));
    await load(c, path, tries - 1);
  }
};

self.addEventListener("install", (event) => {
  event.waitUntil(cache().then((c) => Promise.all(first.map((path) => load(c, path)))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      const older = name.startsWith(prefix) && name !== prefix + version;
      // The first releases named their caches without a path; such a cache is ours if it holds our page.
      const unnamed = name.startsWith("attnlab-") && await (await caches.open(name)).match(registration.scope);
      if (older || unnamed) await caches.delete(name);
    }
    await clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") skipWaiting();
  if (event.data === "the rest") {
    event.waitUntil(cache().then(async (c) => {
      for (const path of rest) {
        if (!await c.match(at(path))) await load(c, path);
      }
    }).catch(() => {})); // the next visit tries again
  }
});

// stored finds the response to a path below the scope. Servers may lead index.html to ./ and figure.html to figure or figure/.
async function stored(c, path) {
  if (["", "index.html", "index"].includes(path)) return c.match(at("./"));
  return await c.match(at(path)) ?? c.match(at(path.replace(/\/$/, "") + ".html"));
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !url.href.startsWith(registration.scope)) return;
  event.respondWith((async () => {
    const c = await cache();
    const path = url.href.slice(registration.scope.length).replace(/[?#].*$/, "");
    const response = await stored(c, path);
    // A Worker takes its address from the response. A new response has none, so the Worker sees the ?session=… of the request.
    if (response) return url.search ? new Response(response.body, response) : response;
    const online = await fetch(event.request).catch(() => Response.error()); // offline, and never stored
    if (online.ok && rest.includes(path)) event.waitUntil(put(c, path, online.clone()).catch(() => {}));
    return online;
  })());
});
