// One socket is one telephone.  Comes back by itself when the carrier was away; says `on.lost` while it is.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

export class Wire {
  #socket = null;
  #pause = FIRST_PAUSE;
  #closed = false;

  constructor(on) {
    this.on = on; // {open(), frame(frame), lost()}
    this.#connect();
  }

  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/phone/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#pause = FIRST_PAUSE;
      this.on.open();
    });
    socket.addEventListener("message", (event) => this.on.frame(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (this.#closed) return;
      this.on.lost();
      setTimeout(() => this.#closed || this.#connect(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    });
  }
}
