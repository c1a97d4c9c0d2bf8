
// Part of figure.html itself. Some servers lead figure.html to figure/, so the files beside it are one folder further up.
if (location.pathname.endsWith("/")) {
  const base = document.createElement("base");
  base.href = "../";
  document.head.append(base);
}
