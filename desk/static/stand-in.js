// Where a simulated carrier stands in for Twilio: the Voice SDK's signalling goes to the address in data-signal.
// A plain script before the SDK's own, which keeps the WebSocket that it finds when it is loaded.
{
  const { signal } = document.currentScript.dataset;
  window.WebSocket = class extends window.WebSocket {
    constructor(url, protocols) {
      super(new URL(url, location.href).pathname.endsWith("/signal") ? signal : url, protocols);
    }
  };
}
