// The captions of one telephone: everything that is heard, said, pressed or written, in order.

export class Talk {
  constructor(list) {
    this.list = list;
  }

  heard(who, words, language) {
    return this.#add(this.#bubble("line", who, words, language));
  }

  mine(words, language) {
    return this.#add(this.#bubble("line mine", "", words, language));
  }

  key(digit) {
    const bubble = this.#bubble("line mine key", "", digit);
    bubble.setAttribute("aria-label", `Key ${digit}`);
    return this.#add(bubble);
  }

  text(who, words, mine) {
    return this.#add(this.#bubble(mine ? "line mine text" : "line text", who, words));
  }

  note(words, mood = "") {
    const note = document.createElement("li");
    note.className = `note ${mood}`;
    note.textContent = words;
    return this.#add(note);
  }

  // Marks the line that is being spoken just now.
  speaking(bubble, seconds) {
    bubble.classList.add("speaking");
    setTimeout(() => bubble.classList.remove("speaking"), Math.max(seconds, 0.5) * 1000);
  }

  #bubble(kind, who, words, language) {
    const bubble = document.createElement("li");
    bubble.className = kind;
    if (who) {
      const name = document.createElement("b");
      name.textContent = who;
      bubble.append(name);
    }
    const said = document.createElement("span");
    said.textContent = words;
    if (language) said.lang = language;
    bubble.append(said);
    return bubble;
  }

  #add(element) {
    this.list.append(element);
    this.list.scrollTop = this.list.scrollHeight;
    return element;
  }
}
