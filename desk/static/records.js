// Records: rows that are added and taken away, a day's hours copied, focus where something has just been changed.

/** One more row like the last, empty, with the caret in it. */
function addRow(rows) {
  const all = rows.querySelectorAll("[data-row]");
  const fresh = all[all.length - 1].cloneNode(true);
  fresh.querySelectorAll("input, select").forEach((input) => {
    input.value = "";
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    if (input.id) input.id += "-more";
  });
  fresh.querySelectorAll(".error, [data-not-copied]").forEach((told) => told.remove());
  all[all.length - 1].after(fresh);
  fresh.querySelector("input, select").focus();
}

function removeRow(row) {
  const rows = row.closest("[data-rows]");
  if (rows.querySelectorAll("[data-row]").length > 1) {
    row.remove();
  } else {
    row.querySelectorAll("input, select").forEach((input) => { input.value = ""; });
  }
  (rows.querySelector("[data-adds-row]") ?? rows).focus();
}

document.addEventListener("click", (event) => {
  const adds = event.target.closest("[data-adds-row]");
  if (adds) addRow(adds.closest("[data-rows]"));
  const removes = event.target.closest("[data-removes-row]");
  if (removes) removeRow(removes.closest("[data-row]"));
  const copies = event.target.closest("[data-copies-day]");
  if (copies) {
    const week = copies.closest(".week");
    for (const day of ["Tu", "We", "Th", "Fr"]) {
      for (const from of week.querySelectorAll("[name^='Mo-']")) {
        week.querySelector(`[name='${from.name.replace("Mo", day)}']`).value = from.value;
      }
    }
  }
});

// Who changes a part with the keyboard stays in it: to its first wrong field, else its first field, else itself.
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target;
  const part = target?.id ? document.getElementById(target.id) : null;
  if (!part?.matches("[data-focus]") || event.detail.ctx.sourceEvent?.type === "change") return;
  const wrong = part.querySelector("[aria-invalid='true']");
  const fields = part.querySelectorAll("form input:not([type='hidden'], [type='radio'], [type='checkbox']), form select, form textarea");
  const first = part.querySelector(".saved") ? null : [...fields].find((field) => field.checkVisibility());
  const own = wrong ?? first ?? part;
  if (own === part) part.setAttribute("tabindex", "-1");
  own.focus({ preventScroll: own === part });
});

// A file goes as it is, with a bar while it is on its way; then its page is opened.
function bring(form, file) {
  const [bar, wrong] = [form.querySelector("progress"), form.querySelector(".error")];
  const failed = (text) => {
    wrong.textContent = text;
    wrong.hidden = false;
    bar.hidden = true;
    form.querySelector("input").value = "";
  };
  wrong.hidden = true;
  if (file.size > Number(form.dataset.most) * 1024 * 1024) {
    failed(form.dataset.tooLarge);
    return;
  }
  bar.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", form.dataset.brings);
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", (event) => { bar.value = (100 * event.loaded) / event.total; });
  request.addEventListener("error", () => failed(form.dataset.failed));
  request.addEventListener("load", () => {
    let told = {};
    try { told = JSON.parse(request.responseText); } catch { /* not ours to read */ }
    if (request.status === 201) location.assign(told.address);
    else failed(told.detail || form.dataset.failed);
  });
  request.send(file);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (form?.matches("[data-brings]") && event.target.files?.length) bring(form, event.target.files[0]);
  if (form?.matches("[data-submits]")) form.requestSubmit();
  if (form?.matches("[data-pair]") && event.target.name === "kept") keepOther(form, event.target.value);
});

for (const [kind, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(kind, (event) => {
    event.target.closest?.("[data-brings]")?.classList.toggle("over", over);
  });
}

/** Of a pair the other record stays: what comes of it is shown. */
function keepOther(form, kept) {
  const other = form.querySelector("[data-other]");
  const first = kept === other.dataset.one;
  other.value = first ? other.dataset.two : other.dataset.one;
  form.querySelectorAll("[data-result]").forEach((result) => { result.hidden = (result.dataset.result === "0") !== first; });
}

// What was looked for is still there when one comes back; in this tab alone.  The address then says `?again`, and the
// page comes without what it begins with otherwise: whom one looks at is written down, and this is one look.
const kept = document.querySelector("[data-keeps]");
if (kept) {
  kept.addEventListener("input", () => {
    sessionStorage.setItem(kept.dataset.keeps, kept.value);
    history.replaceState(history.state, "", kept.value.trim() ? "?again" : location.pathname);
  });
  if (new URLSearchParams(location.search).has("again")) {
    kept.value = sessionStorage.getItem(kept.dataset.keeps) ?? "";
    const looks = () => kept.dispatchEvent(new Event("input", { bubbles: true }));
    addEventListener("load", () => setTimeout(looks)); // behind htmx, which begins by a timer of its own
  }
}

// Enter behind what is found already is no second look.
const SAME_LOOK_MS = 2000;
let looked = { form: "", at: 0 };
document.addEventListener("htmx:before:request", (event) => {
  if (!kept || event.detail.ctx?.sourceElement !== kept.form) return;
  const form = new URLSearchParams(new FormData(kept.form)).toString();
  if (form === looked.form && event.timeStamp - looked.at < SAME_LOOK_MS) event.preventDefault();
  else looked = { form, at: event.timeStamp };
});
document.addEventListener("htmx:error", () => { looked = { form: "", at: 0 }; });

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-closes-after]")) event.target.closest("dialog")?.close();
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
