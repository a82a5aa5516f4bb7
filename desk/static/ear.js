// A manager's ear: this browser as a telephone that listens in, when it is asked for.  See window.ear below.

{
  const words = JSON.parse(document.getElementById("ear-words").textContent);
  const sounds = JSON.parse(document.currentScript.dataset.sounds);
  const OF_TOKENS = new Set([20101, 20104, 20151, 31201, 31202, 31204, 31205, 53000]);
  const PATIENCE_MS = 12_000;
  let device = null;
  let call = null;
  let opening = null;
  let muted = false;

  const ear = {
    /** off | opening | open | listening */
    state: "off",

    /** Registers, in a click's handler; rejects with a sentence for the person. */
    open() {
      if (ear.state === "open" || ear.state === "listening") return Promise.resolve();
      opening ??= begin().finally(() => { opening = null; });
      return opening;
    },

    mute(on) {
      muted = on;
      call?.mute(on);
    },

    close() {
      const closing = device;
      device = call = null;
      closing?.removeAllListeners();
      closing?.on("error", () => {});
      closing?.destroy();
      become("off");
    },
  };

  function become(state, told = words[state] ?? "") {
    ear.state = state;
    document.body.dispatchEvent(new CustomEvent("ear-changed", { detail: { state, told } }));
  }

  async function begin() {
    become("opening");
    try {
      await hasMicrophone();
      const token = await newToken();
      await registered(token);
      become("open");
    } catch (error) {
      ear.close();
      become("off", error.message);
      throw error;
    }
  }

  async function hasMicrophone() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      stream.getTracks().forEach((track) => track.stop());
    } catch (error) {
      throw new Error(error.name === "NotFoundError" ? words.none : words.microphone);
    }
  }

  async function newToken() {
    let answer;
    try {
      answer = await fetch("/desk/token?ear=1", { signal: AbortSignal.timeout(5000) });
    } catch {
      throw new Error(words.server);
    }
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if (!answer.ok) throw new Error(told.told ?? words.server);
    return told.token;
  }

  function registered(token) {
    return new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error(words.carrier)), PATIENCE_MS);
      device = new Twilio.Device(token, {
        appName: "centralino-ear", disableAudioContextSounds: true, logLevel: "silent", publishEvents: false, sounds,
        tokenRefreshMs: 60_000,
      });
      device.on("registered", () => {
        clearTimeout(timer);
        done();
      });
      device.on("unregistered", () => ear.state === "open" && become("opening"));
      device.on("registered", () => ear.state === "opening" && !opening && become("open"));
      device.on("tokenWillExpire", renew);
      device.on("error", (error, about) => {
        if (about) return;
        if (OF_TOKENS.has(error.code)) {
          if (opening) failed(new Error(words.carrier));
          else renew();
        } else if (opening) failed(new Error(words.carrier));
      });
      device.on("incoming", take);
      device.audio.incoming(false); // nobody has to be called to a call that they asked for
      device.register().catch(failed);
    });
  }

  async function renew() {
    try {
      const token = await newToken();
      device?.updateToken(token);
      if (device?.state === "unregistered") await device.register();
    } catch {
      setTimeout(renew, 5000);
    }
  }

  function take(incoming) {
    call = incoming;
    const over = () => {
      if (call !== incoming) return;
      call = null;
      if (device) become("open");
    };
    for (const end of ["cancel", "reject", "disconnect", "error"]) incoming.on(end, over);
    incoming.on("accept", () => {
      incoming.mute(muted);
      become("listening");
    });
    incoming.accept();
  }

  window.ear = ear;
}
