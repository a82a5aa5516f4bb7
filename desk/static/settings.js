// Copies what stands in a field: also where the page is not reached by https and the clipboard is closed to scripts.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    document.execCommand("copy");
  }
  window.centralino.toast(button.dataset.done, "good");
});

// A token was made: what it was asked with does not stay, or Enter would make another one.
let made = "";
document.addEventListener("htmx:after:swap", () => {
  const token = document.getElementById("token-once");
  if (!token || token.value === made) return;
  made = token.value;
  token.closest("article").querySelector("form").reset();
});
