// A telephone's microphone and ear: WebRTC to the carrier, which mixes who hears whom.

export class Voice {
  #peer = null;
  #stream = null;
  #audio = new Audio();

  constructor(send) {
    this.send = send;
  }

  get on() {
    return this.#peer !== null;
  }

  // Throws what the browser throws when there is no microphone, or none that this page may use.
  async start() {
    this.#stream ??= await navigator.mediaDevices.getUserMedia({ audio: true });
    this.#peer?.close();
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    for (const track of this.#stream.getTracks()) peer.addTrack(track, this.#stream);
    peer.addEventListener("track", ({ streams: [stream] }) => {
      this.#audio.srcObject = stream;
      this.#audio.play().catch(() => {}); // a page that nobody has touched yet is not allowed to sound
    });
    await peer.setLocalDescription();
    this.send({ type: "voice", sdp: peer.localDescription.sdp });
  }

  async answered(sdp) {
    if (this.#peer?.signalingState === "have-local-offer") await this.#peer.setRemoteDescription({ type: "answer", sdp });
  }

  stop() {
    if (!this.on) return;
    this.#peer.close();
    for (const track of this.#stream.getTracks()) track.stop();
    this.#audio.srcObject = null;
    this.#peer = this.#stream = null;
    this.send({ type: "silence" });
  }
}
