// How loud callers and the ring are.  The Voice SDK makes its sounds with `new Audio`: with an address they are ours to
// ring with, without one they are a caller.

const DEFAULT = { voice: 100, bell: 80 };
const made = { voice: new Set(), bell: new Set() };

export function loudness(kind) {
  return Number(localStorage.getItem(`telephone-loud-${kind}`) ?? DEFAULT[kind]);
}

export function setLoudness(kind, percent) {
  localStorage.setItem(`telephone-loud-${kind}`, String(percent));
  for (const kept of made[kind]) {
    const sound = kept.deref();
    if (sound) sound.volume = percent / 100;
    else made[kind].delete(kept);
  }
}

window.Audio = class extends window.Audio {
  constructor(address) {
    if (address === undefined) super();
    else super(address);
    const kind = typeof address === "string" ? "bell" : "voice";
    this.volume = loudness(kind) / 100;
    made[kind].add(new WeakRef(this));
  }
};
