/* Pages of one browser tell each other who is studying where. The server tells other devices. */

export class Tabs {
  constructor(member) {
    this.member = member;
    this.ontaken = () => {};
    this.onleft = () => {};
    this.channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("study");
    this.channel?.addEventListener("message", ({ data }) => {
      if (data.member !== this.member) return;
      if (data.kind === "taken") this.ontaken();
      if (data.kind === "left") this.onleft();
    });
  }

  /** This page has opened a session. */
  taken() {
    this.channel?.postMessage({ kind: "taken", member: this.member });
  }

  /** The member signs out. */
  left() {
    this.channel?.postMessage({ kind: "left", member: this.member });
  }
}
