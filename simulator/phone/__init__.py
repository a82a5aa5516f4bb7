"""The web phone: one WebSocket at `/phone/ws` is one telephone; JSON frames, one object each.

The page (in `static/`, served at `/`) is written against exactly this.

From the page:

    {"type": "plug_in", "address": "+39…" | "client:anna"}     first frame; the socket is this telephone from then on
    {"type": "dial", "to": "+39…", "withhold": "anonymous" | null}
    {"type": "answer"}   {"type": "decline"}   {"type": "hang_up"}
    {"type": "key", "digit": "2"}
    {"type": "speak", "text": "…"}                             to a Gather that listens, a recording, or the partners
    {"type": "record_done"}
    {"type": "voice", "sdp": "v=0…"}                           an offer of WebRTC: microphone and ear, for all calls
    {"type": "silence"}                                        neither any more
    {"type": "text", "to": "…", "body": "…"}

To the page:

    {"type": "plugged_in", "address"}
    {"type": "directory", "lines": [{"number", "name"}], "telephones": [addresses plugged in]}    again when it changes
    {"type": "calling", "to"}
    {"type": "ringing", "from", "call"}                        with "parameters" when the caller sent some along
    {"type": "answered"}
    {"type": "said", "text", "language", "voice", "seconds"}   with "spoken" where <sub> has it said in another way
    {"type": "playing", "url", "seconds"}                      0 seconds: until something else happens
    {"type": "quiet", "seconds"}
    {"type": "listening", "keys": bool, "speech": bool}
    {"type": "recording", "max_seconds"}                       the telephone talks until record_done, a key or hang_up
    {"type": "recorded"}
    {"type": "bridged", "with": ["client:anna"]}               again when it changes
    {"type": "unbridged"}
    {"type": "heard", "from", "text"}
    {"type": "voice", "sdp"}                                   the answer to its offer
    {"type": "ended", "reason"}                                completed, busy, no-answer, failed, canceled, declined
    {"type": "text", "from", "body"}
    {"type": "error", "message"}

Words and sound are two ways to talk: what is typed reaches who reads, what is said into a microphone who has an ear.

Only pages of the same origin or of this machine may connect.  A socket that drops unplugs its telephone, and a call
on it ends.
"""
