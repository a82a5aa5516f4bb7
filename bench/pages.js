// Runs before a page's own scripts, and gives them `bench`: `shown` once all of it is there, with the parts that it asks
// for when it has loaded; `looked(form, field, words)` is a search; `quiet()` until nothing is on its way any more.

{
  const QUIET_MS = 150;
  const parts = []; // requests of what the page loads by itself
  const asked = new WeakSet(); // elements that have done so
  const running = new Set();
  const ended = new WeakSet();

  const over = (ctx) => ended.has(ctx) || ctx.status === "swapped" || ctx.status.startsWith("error");
  const loads = (element) => /(^|,)\s*load\b/.test(element.getAttribute("hx-trigger"));

  addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
    running.add(ctx);
    if (ctx.sourceEvent?.type !== "load") return;
    parts.push(ctx);
    asked.add(target);
  }, true);
  addEventListener("htmx:finally:request", ({ detail: { ctx } }) => ended.add(ctx), true);

  /** The first frame in which it has happened, once that is painted. */
  const frame = (happened) => new Promise((then) => {
    const look = () => {
      if (!happened()) return requestAnimationFrame(look);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then(performance.now());
      port2.postMessage("");
    };
    requestAnimationFrame(look);
  });

  const whole = () => document.readyState === "complete"
    && [...document.querySelectorAll("[hx-trigger]")].every((element) => !loads(element) || asked.has(element))
    && parts.every(over);

  const painted = () => new Promise((then) => {
    new PerformanceObserver((list, observer) => {
      const [first] = list.getEntriesByName("first-contentful-paint");
      if (!first) return;
      observer.disconnect();
      then(first.startTime);
    }).observe({ type: "paint", buffered: true });
  });

  /** Until the last of its answer is here. */
  function served(ctx) {
    const { requestStart, responseEnd } = performance.getEntriesByName(new URL(ctx.request.action, location).href).at(-1);
    return responseEnd - requestStart;
  }

  const refused = (made) => made.filter((ctx) => !(ctx.response?.status < 400)).map((ctx) => ctx.request.action);

  const shown = (async () => {
    const complete = await frame(whole);
    const [page] = performance.getEntriesByType("navigation");
    const server = parts.map(served).reduce((sum, ms) => sum + ms, page.responseStart - page.requestStart);
    const first = await painted();
    return { server, first, complete: Math.max(first, complete), refused: refused(parts) };
  })();

  const looked = async (form, field, words) => {
    const element = document.querySelector(form);
    element.elements[field].value = words;
    let search = null;
    addEventListener("htmx:before:request", ({ detail: { ctx } }) => { search ??= ctx; }, { capture: true, once: true });
    const began = performance.now();
    element.requestSubmit();
    const complete = await frame(() => search !== null && over(search)) - began;
    return { server: served(search), first: null, complete, refused: refused([search]) };
  };

  const quiet = async () => {
    const live = () => !document.body.dataset.live || document.querySelector("#link.on");
    let since = performance.now();
    await frame(() => {
      const now = performance.now();
      if (!live() || ![...running].every(over)) since = now;
      return now - since > QUIET_MS;
    });
  };

  window.bench = { shown, looked, quiet };
}
