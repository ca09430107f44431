/** The views that parts of the gateway bring: an entry in the navigation each, loaded when it is shown. */

import { byId, h } from "./dom.js";

export class PartViews {
  /**
   * @param {import("./store.js").Store} store
   * @param {() => void} changed called when there are other views than before
   */
  constructor(store, changed) {
    /** @type {import("../types").PartView[]} */
    this.views = [];
    store.subscribe((names) => {
      const views = store.status?.views ?? [];
      if (!names.has("status") || JSON.stringify(views) === JSON.stringify(this.views)) return;
      this.views = views;
      this.showEntries();
      changed();
    });
  }

  /** @param {string} name as in the address @returns {(() => Promise<any>) | undefined} what loads its module */
  loader(name) {
    const view = this.views.find((one) => one.name === name);
    return view && (() => import(view.module));
  }

  showEntries() {
    const pages = byId("pages");
    for (const link of pages.querySelectorAll("[data-part]")) link.remove();
    for (const { name, title } of this.views) {
      pages.append(h("a", { href: `#/${name}`, "data-part": name }, title));
    }
  }
}
