// Linked without defer, so that a chosen scheme is there before the first paint. The default follows the system.
try {
  const theme = localStorage.getItem("vitrine.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here: the system's scheme stays.
}
