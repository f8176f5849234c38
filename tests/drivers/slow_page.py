"""A page that is far away: what it sends goes out later, on its data channels and on its connection to the server.

The browser's own network throttling does not reach data channels, and a page has no other way out than these two. Only
what the page sends is held back, so a round trip to anybody takes longer by the delay once; between two slow pages by
both delays.
"""

from tests.drivers.browser_driver import ParticipantDriver

__all__ = ["change_delay", "slow_page", "wall_off"]

_HELD_BACK = """(delayMs) => {
    window.mugTestDelayMs = delayMs;
    const queues = new WeakMap();
    const holdBack = (kind, isOpen) => {
        const send = kind.prototype.send;
        kind.prototype.send = function (data) {
            const queue = queues.get(this) ?? { held: [], dueMs: 0 };
            queues.set(this, queue);
            // A copy: the page may use its buffer again.
            queue.held.push(data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.slice() : data);
            // Nothing overtakes what was sent before, even if the delay becomes shorter.
            queue.dueMs = Math.max(queue.dueMs, performance.now() + window.mugTestDelayMs);
            setTimeout(() => {
                const next = queue.held.shift();
                if (isOpen(this)) send.call(this, next);
            }, queue.dueMs - performance.now());
        };
    };
    holdBack(RTCDataChannel, (channel) => channel.readyState === "open");
    holdBack(WebSocket, (socket) => socket.readyState === WebSocket.OPEN);
}"""


_NO_CANDIDATES = """() => {
    RTCPeerConnection.prototype.addIceCandidate = async () => undefined;
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
        return set.call(this, { type, sdp: sdp.replace(/^a=candidate:.*\\r\\n/gm, "") });
    };
    // What the other page says of itself is not enough to reach it, and it shall not hear of this one either.
    Object.defineProperty(RTCPeerConnection.prototype, "onicecandidate", { set: () => undefined });
    const described = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, "localDescription").get;
    Object.defineProperty(RTCPeerConnection.prototype, "localDescription", {
        get() {
            const own = described.call(this);
            return own && { type: own.type, sdp: own.sdp.replace(/^a=candidate:.*\\r\\n/gm, "") };
        },
    });
}"""


def slow_page(person: ParticipantDriver, delay_ms: float) -> None:
    """Put this participant far away; to be called before the page is opened."""
    person.context.add_init_script(f"({_HELD_BACK})({delay_ms})")


def change_delay(person: ParticipantDriver, delay_ms: float) -> None:
    """Bring a page that was made slow nearer, or further away; holds until it is loaded again."""
    person.page.evaluate("(delayMs) => { window.mugTestDelayMs = delayMs; }", delay_ms)


def wall_off(person: ParticipantDriver) -> None:
    """Let this page and others find no direct way to each other; to be called before the page is opened."""
    person.context.add_init_script(f"({_NO_CANDIDATES})()")
