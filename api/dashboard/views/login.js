/** The way in, for a gateway that has keys. The key goes to the gateway once and is kept nowhere here. */

import { ApiError, request } from "../app/api.js";
import { h, setText } from "../app/dom.js";

/**
 * Shows the form; returns when somebody is logged in.
 * @param {HTMLElement | null} root
 * @returns {Promise<void>}
 */
export function showLogin(root) {
  return new Promise((resolve) => {
    const input = h("input", {
      id: "key",
      type: "password",
      autocomplete: "current-password",
      required: true,
      "aria-describedby": "key-hint key-problem",
    });
    const problem = h("p", { id: "key-problem", class: "problem", role: "alert" });
    const button = h("button", { class: "main" }, "Log in");
    const form = h(
      "form",
      { class: "login card", submit: submit },
      h("h1", {}, "Log in"),
      h("p", {}, "This gateway asks for an access key."),
      h("label", { for: "key" }, "Access key"),
      input,
      problem,
      button,
      h(
        "p",
        { id: "key-hint", class: "hint" },
        "Keys are made on the gateway: ",
        h("code", {}, "gateway keys create"),
      ),
    );

    /** @param {Event} event */
    async function submit(event) {
      event.preventDefault();
      button.disabled = true;
      setText(problem, "");
      try {
        await request("POST", "/session", { key: input.value.trim() });
        form.remove();
        resolve();
      } catch (error) {
        setText(problem, wordsOf(error));
        input.select();
      } finally {
        button.disabled = false;
        input.focus();
      }
    }

    document.title = "Log in · Arduino gateway";
    root?.replaceChildren(form);
    input.focus();
  });
}

/** @param {unknown} error */
function wordsOf(error) {
  if (!(error instanceof ApiError)) return "The gateway cannot be reached.";
  if (error.status === 401) return "There is no such key. Check for a missing character.";
  if (error.status === 429) return "Too many wrong keys. Wait a minute, then try again.";
  return `${error.message}.`;
}
