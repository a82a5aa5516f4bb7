// A worker that says every second that a second has passed.  The timers of a page that is hidden for long come once a
// minute only, and a telephone has to be punctual.
setInterval(() => postMessage(0), 1000);
