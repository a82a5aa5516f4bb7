// A password's field: it can be shown, and says in words whether it is long enough.

const SHORTEST = 12;
const GOOD = 16;

function prepare(root) {
  root.querySelectorAll("[data-shows]").forEach((button) => { button.hidden = false; });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shows]");
  if (!button) return;
  const input = document.getElementById(button.dataset.shows);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
});

document.addEventListener("input", (event) => {
  const box = event.target.closest(".secret[data-short]");
  if (!box) return;
  const length = Array.from(event.target.value).length;
  const told = box.querySelector(".strength");
  told.classList.toggle("good", length >= SHORTEST);
  if (length === 0) told.textContent = "";
  else if (length < SHORTEST) told.textContent = box.dataset.short.replace("{}", String(SHORTEST - length));
  else told.textContent = length < GOOD ? box.dataset.fair : box.dataset.good;
});

document.addEventListener("htmx:after:swap", () => prepare(document));
prepare(document);
