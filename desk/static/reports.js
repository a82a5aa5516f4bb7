// Draws the reports' charts.  Each has its table beside it, so a drawing that fails loses nothing.

const percent = (v) => (v == null ? "–" : `${Math.round(v * 1000) / 10} %`);
const span = (v) => (v == null ? "–" : v < 60 ? `${Math.round(v)} s` : `${Math.round(v / 60)} min`);
const plain = (v) => (v == null ? "–" : String(Math.round(v * 100) / 100));
const WRITTEN = { share: percent, seconds: span };
const COLOURS = ["--accent", "--calm", "--good"];

function draw(box) {
  const { x, series } = JSON.parse(box.dataset.chart);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const written = WRITTEN[series[0].kind] ?? plain;
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", timeZone: "UTC" });
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const options = {
    width: Math.max(box.clientWidth, 200),
    height: 220,
    cursor: { y: false },
    scales: { x: { time: false }, y: { range: (_, low, high) => (series[0].kind === "share" ? [0, 1] : [0, Math.max(high * 1.1, 1)]) } },
    axes: [
      { ...axis, values: (_, marks) => marks.map((at) => day.format(at * 1000)), incrs: [1, 2, 7, 14, 28].map((days) => days * 86400), space: 60 },
      { ...axis, size: 56, values: (_, marks) => marks.map(written) },
    ],
    series: [
      { label: "", value: (_, at) => (at == null ? "" : day.format(at * 1000)) },
      ...series.map((one, n) => ({
        label: one.label,
        stroke: colour(COLOURS[n % COLOURS.length]),
        width: 2,
        dash: n ? [6, 4] : undefined, // told apart without colour too
        points: { size: 6 },
        spanGaps: false,
        value: (_, v) => (v == null ? "" : written(v)),
      })),
    ],
  };
  box.replaceChildren();
  new uPlot(options, [x, ...series.map((one) => one.values)], box);
}

const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);
document.addEventListener("htmx:after:swap", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
let timer;
addEventListener("resize", () => {
  clearTimeout(timer);
  timer = setTimeout(drawAll, 150);
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.span");
  if (!form) return;
  const own = form.elements.days.value === "own";
  form.querySelector(".own").hidden = !own;
  if (!own || (form.elements.from.value && form.elements.to.value)) form.requestSubmit();
});
