/** A tick a second that a hidden tab does not slow down: timers of workers are not throttled. */
setInterval(() => self.postMessage(null), 1000);
