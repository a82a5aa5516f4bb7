// Whether there is a microphone, and may be used; how loud it hears; how one sounds.

const FAULTS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none" };

export class Microphone extends EventTarget {
  /** `constraints()`: of the chosen one. */
  constructor(constraints) {
    super();
    this.constraints = constraints;
    this.fault = null; // denied | none | in_use
    this.granted = false;
  }

  async begin() {
    try {
      const permission = await navigator.permissions.query({ name: "microphone" });
      const look = () => {
        this.granted = permission.state === "granted";
        this.#found(permission.state === "denied" ? "denied" : this.fault === "denied" ? null : this.fault);
      };
      permission.addEventListener("change", look);
      look();
    } catch {
      // a browser that does not tell beforehand: it is found out when it is asked for
    }
  }

  /** True: it can be used.  Asks, if the browser has to ask. */
  async ask() {
    try {
      const stream = await this.open();
      stream.getTracks().forEach((track) => track.stop());
      this.granted = true;
      this.#found(null);
      return true;
    } catch (error) {
      this.#found(FAULTS[error.name] ?? "in_use");
      return false;
    }
  }

  open() {
    if (!navigator.mediaDevices) return Promise.reject(new DOMException("no secure context", "SecurityError"));
    return navigator.mediaDevices.getUserMedia({ audio: this.constraints() });
  }

  #found(fault) {
    const was = this.fault;
    this.fault = fault;
    if (was !== fault) this.dispatchEvent(new Event("change"));
  }
}

/** Calls `shown(0..100)` as loud as the stream is, until the function that it returns is called. */
export function meter(stream, shown) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    shown(Math.max(0, Math.min(100, 100 + 10 * Math.log10(power + 1e-10) * 1.6)));
  }, 80);
  return () => {
    clearInterval(timer);
    context.close();
  };
}

/** What it hears in so many milliseconds, as something to play. */
export function record(stream, milliseconds) {
  return new Promise((done) => {
    const recorder = new MediaRecorder(stream);
    const pieces = [];
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => done(new Blob(pieces, { type: recorder.mimeType })));
    recorder.start();
    setTimeout(() => recorder.stop(), milliseconds);
  });
}
