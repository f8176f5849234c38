/**
 * Who gives way when both pages offer at once: the "perfect negotiation" of the WebRTC specification (section 10.7), as
 * decisions without effects. The polite side takes back its own offer, the other one goes on as if nothing had come.
 */

export type DescriptionType = "offer" | "answer" | "pranswer" | "rollback";

export class Negotiation {
  private makingOffer = false;
  private settingAnswer = false;
  private ignoredOffer = false;

  constructor(private readonly polite: boolean) {}

  /** Between asking the browser for an offer and having it as local description. */
  offering(busy: boolean): void {
    this.makingOffer = busy;
  }

  /** What to do with a description that came, given the connection's `signalingState`. */
  incoming(type: DescriptionType, signalingState: RTCSignalingState): "take" | "ignore" {
    if (type === "rollback") return "ignore";
    if (type !== "offer") {
      // An answer is for the offer that is out; a late or doubled one is for none.
      const awaited = signalingState === "have-local-offer" || signalingState === "have-remote-pranswer";
      this.settingAnswer = awaited;
      return awaited ? "take" : "ignore";
    }
    const readyForOffer = !this.makingOffer && (signalingState === "stable" || this.settingAnswer);
    this.ignoredOffer = !this.polite && !readyForOffer;
    return this.ignoredOffer ? "ignore" : "take";
  }

  /** The description that was taken is set, or failed to be. */
  settled(): void {
    this.settingAnswer = false;
  }

  /** Candidates of an offer that was ignored fit nothing: their errors say nothing. */
  get expectsStrayCandidates(): boolean {
    return this.ignoredOffer;
  }
}
