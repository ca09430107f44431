/** Requests to the gateway. */

const BASE = "/api/v1";
const TIMEOUT_MS = 10_000;

/** What the gateway answered instead of what was asked for. */
export class ApiError extends Error {
  /** @param {import("../types").ProblemDocument} problem */
  constructor(problem) {
    super(problem.detail || problem.code);
    this.problem = problem;
    this.status = problem.status;
  }
}

/** @type {() => void} */
let loggedOut = () => {};

/** @param {() => void} callback called when the gateway wants a key */
export function whenLoggedOut(callback) {
  loggedOut = callback;
}

/** @param {string} path below /api/v1 @param {Record<string, string>} [query] @returns {Promise<any>} */
export function get(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return request("GET", text ? `${path}?${text}` : path);
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>} the document; null when there is none
 */
export async function request(method, path, body, headers = {}) {
  const response = await fetch(BASE + path, {
    method,
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/session") loggedOut();
  throw new ApiError(problem);
}

/** @param {Response} response @returns {Promise<import("../types").ProblemDocument>} */
async function problemOf(response) {
  /** @type {import("../types").ProblemDocument} */
  const fallback = { code: "", detail: `the gateway answered ${response.status}`, status: response.status };
  try {
    return { ...fallback, ...(await response.json()) };
  } catch {
    return fallback; // not from the gateway itself, but from a proxy in front of it
  }
}

/** A value nobody has used before; `crypto.randomUUID` is not there on plain HTTP. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether a request failed because this part of the API is not there. @param {unknown} error */
export function isAbsent(error) {
  return error instanceof ApiError && (error.status === 404 || error.status === 405);
}
