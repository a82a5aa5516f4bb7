// Whose telephone is this?  A list from the book to choose from, and a field for any other number.

import * as book from "./people.js";

const SHOWN = 60;

export class Setup {
  constructor(form, kind, chosen) {
    this.form = form;
    this.kind = kind;
    this.chosen = chosen;
    const agent = kind === "agent";
    form.querySelector(".choose").textContent = agent ? "Whose handset is it?" : "Who is calling?";
    form.find.placeholder = agent ? "Find an agent" : "Find by name or number";
    form.address.placeholder = agent ? "client:name" : "Or type a number, +39…";
    form.querySelector(".join label").textContent = agent ? "Address of an agent" : "Number of the telephone";
    form.find.addEventListener("input", () => this.show());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#typed();
    });
    this.show();
  }

  show() {
    const everybody = book.list(this.kind);
    this.form.classList.toggle("bare", everybody.length === 0);
    const wanted = fold(this.form.find.value);
    const found = everybody.filter((person) => fold(`${person.name} ${person.address} ${person.story ?? ""}`).includes(wanted));
    this.form.querySelector(".people").replaceChildren(...found.slice(0, SHOWN).map((person) => this.#row(person)));
  }

  #row(person) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "person";
    const avatar = document.createElement("span");
    avatar.className = "avatar";
    avatar.setAttribute("aria-hidden", "true");
    book.wear(avatar, person.name ?? person.address);
    const words = document.createElement("span");
    const name = document.createElement("strong");
    name.textContent = person.name ?? book.spoken(person.address);
    const story = document.createElement("small");
    story.textContent = person.story ?? book.spoken(person.address);
    words.append(name, story);
    button.append(avatar, words);
    button.addEventListener("click", () => this.chosen(person));
    item.append(button);
    return item;
  }

  #typed() {
    const address = this.form.address.value.trim();
    if (!address) return this.form.address.focus();
    const tidy = book.isAgent(address) ? address : address.replace(/[\s()./-]/g, "");
    const known = book.list(this.kind).find((person) => person.address === tidy);
    return this.chosen(known ?? { address: tidy });
  }
}

function fold(words) {
  return words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
