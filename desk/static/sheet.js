// The dialog that the server fills: whatever has data-sheet opens it, and it closes when what it asks for is done.

const sheet = document.getElementById("sheet");
const body = document.getElementById("sheet-body");
const empty = body?.innerHTML ?? "";

document.addEventListener("click", (event) => {
  if (!sheet || !event.target.closest("[data-sheet]")) return;
  body.innerHTML = empty;
  if (!sheet.open) sheet.showModal();
});

document.body.addEventListener("sheet-done", (event) => {
  sheet?.close();
  if (event.detail?.told) window.centralino.toast(event.detail.told, "good");
});
