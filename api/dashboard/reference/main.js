/** Shows the description of the API with Swagger UI, or says that this installation does not have it. */

const LIBRARY = "/dashboard/vendor/swagger-ui-dist/swagger-ui-bundle.js";
const STYLE = "/dashboard/vendor/swagger-ui-dist/swagger-ui.css";

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

function show() {
  /** @type {any} */ (globalThis).SwaggerUIBundle({
    url: "/openapi.json",
    domNode: element("reference"),
    deepLinking: true,
    // Else it would ask a service in the internet what it thinks of the document.
    validatorUrl: null,
    // A key that was typed in is forgotten with the page.
    persistAuthorization: false,
  });
}

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = STYLE;
const script = document.createElement("script");
script.src = LIBRARY;
script.addEventListener("load", show);
script.addEventListener("error", () => {
  element("missing").hidden = false;
});
document.head.append(style, script);
