
// Part of index.html itself: it helps where lab.js could not be loaded, or does not run.
if (!globalThis.attnlab) {
  const show = (text) => addEventListener("DOMContentLoaded", () => {
    const p = document.createElement("p");
    p.className = "banner failed";
    p.id = "not-started";
    p.textContent = text;
    document.body.prepend(p);
  });
  const visit = performance.getEntriesByType("navigation")[0];
  if (location.protocol === "file:") {
    show('The lab cannot run from a file. Serve its folder, for example with "python3 -m http.server" there, and open http://localhost:8000/ in the browser.');
  } else if (!location.pathname.endsWith("/") && !(visit && visit.redirectCount)) {
    // Some servers answer /lab with the page of /lab/, and its addresses then miss the last folder. A server that led the
    // visitor away from the slash would do so again, without end.
    location.replace(location.origin + location.pathname + "/" + location.search + location.hash);
  } else {
    show("The lab's scripts did not start. Reload the page, or open its address with a slash at the end. The lab needs a current browser.");
  }
}
