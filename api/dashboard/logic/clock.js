/**
 * The gateway's clock, as far as a browser can know it. A browser's own clock may be set wrong, and the
 * gateway's too, so ages are reckoned on the gateway's time and move with the browser's steady counter.
 */
export class GatewayClock {
  /** @param {() => number} steadyMs milliseconds of a counter that is never set */
  constructor(steadyMs) {
    this.steadyMs = steadyMs;
    this.offsetMs = NaN;
  }

  /** @param {number} gatewayMs the gateway's UTC just now, ms since 1970 */
  set(gatewayMs) {
    this.offsetMs = gatewayMs - this.steadyMs();
  }

  /** Whether the gateway has told its time yet. */
  get known() {
    return !Number.isNaN(this.offsetMs);
  }

  /** The gateway's UTC now, ms since 1970; NaN before it is known. */
  nowMs() {
    return this.steadyMs() + this.offsetMs;
  }

  /** @param {string} time RFC 3339; returns its age in seconds, never below 0 */
  ageS(time) {
    return Math.max(0, (this.nowMs() - Date.parse(time)) / 1000);
  }
}
