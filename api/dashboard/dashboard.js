"use strict";

const REFRESH_MS = 2000;
const TIMEOUT_MS = 5000;
const byId = (id) => document.getElementById(id);

async function get(path) {
  const response = await fetch(`/api/v1${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function age(seconds) {
  if (seconds < 60) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

function valueList(device, reading) {
  const units = new Map(device.channels.map((channel) => [channel.name, channel.unit]));
  const list = element("dl", undefined, "values");
  for (const [name, value] of Object.entries(reading.values)) {
    const pair = element("div");
    const unit = units.get(name);
    pair.append(
      element("dt", name),
      element("dd", value === null ? "missing" : unit ? `${value} ${unit}` : `${value}`),
    );
    list.append(pair);
  }
  return list;
}

function row(device, reading) {
  const line = element("tr", undefined, reading && reading.stale ? "stale" : "");
  const title = element("th");
  title.scope = "row";
  const link = element("a", device.name);
  link.href = `/api/v1/devices/${encodeURIComponent(device.id)}`;
  title.append(link);
  const values = element("td", reading ? undefined : "none yet");
  if (reading) values.append(valueList(device, reading));
  const state = element("td", device.state + (device.simulated ? ", simulated" : ""), device.state);
  if (device.detail) state.title = device.detail;
  const stale = reading && reading.stale ? " (stale)" : "";
  line.append(title, state, values);
  line.append(element("td", reading ? age(reading.age_s) + stale : "–", "number"));
  return line;
}

function say(text, bad) {
  const state = byId("state");
  // Unchanged text is not set again, so that screen readers stay quiet.
  if (state.textContent !== text) state.textContent = text;
  state.className = bad ? "bad" : "";
}

async function refresh() {
  try {
    const [devices, latest] = await Promise.all([get("/devices"), get("/readings/latest")]);
    const readings = new Map(latest.readings.map((reading) => [reading.device, reading]));
    byId("devices").replaceChildren(
      ...devices.devices.map((device) => row(device, readings.get(device.id))),
    );
    const count = devices.devices.length;
    say(count ? `${count} device${count === 1 ? "" : "s"}, refreshed every 2 s` : "No device found yet", false);
  } catch (error) {
    say(`The gateway does not answer (${error.message}); what is below is old`, true);
  } finally {
    setTimeout(refresh, REFRESH_MS);
  }
}

refresh();
get("/status").then(
  (status) => { byId("gateway").textContent = `${status.gateway} ${status.version}`; },
  (error) => { say(error.message, true); },
);
