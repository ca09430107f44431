/** The page's own addresses, behind the `#`. */

/** @typedef {{ name: string, id: string, query: URLSearchParams }} Route */

/** @param {string} hash such as `#/device/greenhouse` or `#/history?range=day` @returns {Route} */
export function parseRoute(hash) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name = "", id = ""] = path.split("/", 2);
  return { name: name || "devices", id: decoded(id), query: new URLSearchParams(query) };
}

/** @param {string} name @param {Record<string, string>} [query] */
export function address(name, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `#/${name}${text ? `?${text}` : ""}`;
}

/** @param {string} id */
export function deviceAddress(id) {
  return `#/device/${encodeURIComponent(id)}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an address that a person has cut off
  }
}
