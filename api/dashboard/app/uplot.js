/** Brings the chart library in when the first chart is wanted. The page works without it. */

const SCRIPT = "/dashboard/vendor/uplot/uPlot.iife.min.js";
const STYLE = "/dashboard/vendor/uplot/uPlot.min.css";

/** @type {Promise<any> | null} */
let loading = null;

/** @returns {Promise<any>} the library, or null when it was left out of this build */
export function loadUplot() {
  loading ??= new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = STYLE;
    const script = document.createElement("script");
    script.src = SCRIPT;
    script.addEventListener("load", () => resolve(/** @type {any} */ (globalThis).uPlot));
    script.addEventListener("error", () => {
      loading = null;
      resolve(null);
    });
    document.head.append(style, script);
  });
  return loading;
}
