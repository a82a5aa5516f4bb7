// What all parts of the telephone share: its element, its words, which window this is, and asking the server.

export const root = document.getElementById("softphone");
export const works = root?.dataset.works === "yes";
const told = document.getElementById("softphone-words");
export const words = told ? JSON.parse(told.textContent) : {};
export const phone = () => document.getElementById("phone");

const NAME = `desk-${root?.dataset.user}`;
export const desk = { id: sessionStorage.getItem(NAME) || fresh() };

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(NAME, id);
  return id;
}

/** A window that was opened from another one carries its name: this one takes a name of its own. */
export function rename() {
  desk.id = fresh();
}

/** The server was asked and answered; signed out, it sends the page to where one signs in. */
export class SignedOut extends Error {}

export async function ask(address, body, { form = false, seconds = 5 } = {}) {
  const headers = { "X-Desk": desk.id, "HX-Request": "true" };
  const given = { headers, signal: AbortSignal.timeout(seconds * 1000) };
  if (body !== undefined) {
    given.method = "POST";
    if (!form) headers["Content-Type"] = "application/json";
    given.body = form ? new URLSearchParams(body) : JSON.stringify(body);
  }
  const answer = await fetch(address, given);
  if (answer.headers.get("HX-Redirect") === "/sign-in") throw new SignedOut();
  return answer;
}

/** The server's part of the telephone looks again. */
export function look() {
  document.body.dispatchEvent(new CustomEvent("phone-look"));
}

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-Desk"] = desk.id;
});
