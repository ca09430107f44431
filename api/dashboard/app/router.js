/** Shows the view that the address names. */

import { byId } from "./dom.js";
import { PartViews } from "./part-views.js";
import { parseRoute } from "../logic/route.js";

/** @type {Record<string, () => Promise<{ open: Open }>>} */
const VIEWS = {
  devices: () => import("../views/devices.js"),
  device: () => import("../views/device.js"),
  history: () => import("../views/history.js"),
  commands: () => import("../views/commands.js"),
  gateway: () => import("../views/gateway.js"),
};

/**
 * @callback Open
 * @param {HTMLElement} root
 * @param {import("./store.js").Store} store
 * @param {import("../logic/route.js").Route} route
 * @returns {import("../types").View}
 */

export class Router {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {import("../types").View | null} */
    this.view = null;
    this.openings = 0;
    this.shown = "";
    this.name = "";
    this.active = false;
    this.parts = new PartViews(store, () => this.showParts());
    addEventListener("hashchange", () => this.active && this.show(true));
    store.subscribe((changed) => this.view?.update?.(changed));
  }

  open() {
    this.active = true;
    this.show(false);
  }

  close() {
    this.active = false;
    this.openings += 1;
    this.view?.close?.();
    this.view = null;
    this.shown = "";
  }

  tick() {
    this.view?.tick?.();
  }

  /** @param {boolean} byPerson whether somebody has asked for it, and so expects the focus there */
  async show(byPerson) {
    if (location.hash === "#main") return; // the link that skips to the content
    const route = parseRoute(location.hash);
    const { name, load } = this.find(route.name);
    const opening = ++this.openings;
    const { open } = await load();
    if (opening !== this.openings) return; // another one was asked for meanwhile
    this.view?.close?.();
    const root = byId("main");
    root.replaceChildren();
    const page = `${name}/${route.id}`;
    this.name = name;
    this.view = open(root, this.store, route);
    document.title = `${this.view.title} · Arduino gateway`;
    this.mark(name);
    if (byPerson && this.shown !== page) root.focus({ preventScroll: true });
    if (this.shown !== page) scrollTo(0, 0);
    this.shown = page;
  }

  /** @param {string} name as in the address @returns {{ name: string, load: () => Promise<{ open: Open }> }} */
  find(name) {
    const load = (Object.hasOwn(VIEWS, name) && VIEWS[name]) || this.parts.loader(name);
    return load ? { name, load } : { name: "devices", load: () => import("../views/devices.js") };
  }

  /** The views of parts are known, or others than before: the address may name one of them. */
  showParts() {
    if (!this.active || this.name === "") return;
    const { name } = this.find(parseRoute(location.hash).name);
    if (name === this.name) this.mark(name);
    else this.show(false);
  }

  /** @param {string} name */
  mark(name) {
    const entry = name === "device" ? "devices" : name;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.getAttribute("href") === `#/${entry}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}
