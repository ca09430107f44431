/** What is around every view: the gateway's name, the state of the connection, who is logged in. */

import { request } from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { counted, momentText } from "../logic/words.js";

const CONTACT = { connecting: "Connecting", live: "Live", lost: "No contact" };

export class Frame {
  /**
   * @param {import("./store.js").Store} store
   * @param {{ retry: () => void, loggedOut: () => void }} actions
   */
  constructor(store, actions) {
    this.store = store;
    /** @type {Map<string, string>} */
    this.states = new Map();
    store.subscribe((changed) => this.update(changed));
    byId("retry").addEventListener("click", actions.retry);
    byId("logout").addEventListener("click", async () => {
      await request("DELETE", "/session");
      actions.loggedOut();
    });
  }

  hidePages() {
    document.body.classList.add("closed");
  }

  showPages() {
    document.body.classList.remove("closed");
  }

  /** @param {ReadonlySet<string>} changed */
  update(changed) {
    if (changed.has("connection")) this.showConnection();
    if (changed.has("status")) this.showStatus();
    if (changed.has("session")) this.showSession();
    this.sayChanges();
  }

  showConnection() {
    const { connection, outage } = this.store;
    const contact = byId("contact");
    contact.dataset.state = connection;
    setText(contact, CONTACT[connection]);
    byId("outage").hidden = outage === null;
    document.body.classList.toggle("cut-off", outage !== null);
    if (!outage) return;
    const since = momentText(outage.since.toISOString());
    const text = `No contact with the gateway since ${since}: ${outage.reason}. What is below is old.`;
    setText(byId("outage-text"), text);
  }

  showStatus() {
    const { status } = this.store;
    if (!status) return;
    setText(byId("gateway"), status.gateway);
    const mode = byId("mode");
    setText(mode, status.simulated ? "simulated" : "");
    setAttribute(mode, "class", status.simulated ? "tag" : "");
    setText(byId("version"), `Gateway ${status.version}`);
  }

  showSession() {
    const { session } = this.store;
    const logout = byId("logout");
    logout.hidden = session.name === null;
    setText(logout, `Log out ${session.name ?? ""}`);
    logout.title = session.name === null ? "" : `The key ${session.name} may: ${session.scope}`;
  }

  /** Tell a screen reader what has changed, and of values nothing. */
  sayChanges() {
    const told = [];
    const first = this.states.size === 0;
    for (const device of this.store.devices.values()) {
      const before = this.states.get(device.id);
      if (before !== device.state) {
        told.push(before === undefined ? `${device.name} was found` : `${device.name} is ${device.state}`);
      }
      this.states.set(device.id, device.state);
    }
    if (told.length === 0) return;
    setText(byId("said"), first ? `${counted(told.length, "device")} found` : told.join(". "));
  }
}
