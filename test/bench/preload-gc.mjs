// Loaded into a server that is measured (node --expose-gc --import …): SIGUSR2 collects garbage, so that memory figures
// compare what is in use. Nothing in the product knows of it.

process.on("SIGUSR2", () => {
  globalThis.gc();
  globalThis.gc();
});
