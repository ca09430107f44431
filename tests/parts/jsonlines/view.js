/** The view of the JSON lines: how many were written. */

/** @param {HTMLElement} root */
export function open(root) {
  const text = document.createElement("p");
  text.id = "jsonlines-view";
  text.textContent = "JSON lines are written.";
  root.append(text);
  return { title: "JSON lines" };
}
