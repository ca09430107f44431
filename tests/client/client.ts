/** What a frontend does with the API, through types made from its description and nothing of ours by hand. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Problem = components["schemas"]["Problem"];
type Reading = components["schemas"]["LatestReading"];

// @ts-expect-error: there is no such address, and the compiler knows.
type Absent = paths["/api/v1/no-such-thing"];

function given<T>(value: T | undefined, problem: Problem | undefined): T {
  if (value === undefined) throw new Error(`${problem?.code}: ${problem?.detail}`);
  return value;
}

const [, , baseUrl = ""] = process.argv;
const api = createClient<paths>({ baseUrl });

const listed = await api.GET("/api/v1/devices");
const devices = given(listed.data, listed.error).devices;
const ids: string[] = devices.map((device) => device.id);
const states: components["schemas"]["Device"]["state"][] = devices.map((device) => device.state);

const latest = await api.GET("/api/v1/readings/latest");
const readings: Reading[] = given(latest.data, latest.error).readings;
const ages: Record<string, number> = Object.fromEntries(readings.map((one) => [one.device, one.age_s]));

const history = await api.GET("/api/v1/devices/{id}/readings", {
  params: { path: { id: "vehicle" }, query: { limit: 2, order: "asc", channels: "battery" } },
});
const page = given(history.data, history.error);

const windows = await api.GET("/api/v1/devices/{id}/readings", {
  params: { path: { id: "vehicle" }, query: { every: "1h", agg: "min,max" } },
});

const sent = await api.POST("/api/v1/devices/{id}/commands", {
  params: { path: { id: "vehicle" } },
  body: { name: "lamp", arguments: { level: 40 } },
});
const command: components["schemas"]["Command"] = given(sent.data, sent.error);
const requested: string = command.requested_at;
const finished: string | null = command.finished_at;

const nowhere = await api.GET("/api/v1/devices/{id}", { params: { path: { id: "nowhere" } } });
const problem: Problem | undefined = nowhere.error;
const code: "unknown_device" | undefined = problem?.code === "unknown_device" ? problem.code : undefined;

const wrong = await api.POST("/api/v1/devices/{id}/commands", {
  params: { path: { id: "vehicle" } },
  body: { name: "lamp", arguments: { level: 4000 } },
});
// @ts-expect-error: a command without a name does not compile.
const nameless: components["schemas"]["CommandRequest"] = { arguments: {} };

console.log(
  JSON.stringify({
    ids,
    states,
    ages,
    page,
    windows: given(windows.data, windows.error),
    command: [command.name, command.arguments, command.state],
    took: finished === null ? null : Date.parse(finished) - Date.parse(requested),
    missing: [nowhere.response.status, problem?.status, code],
    wrong: [wrong.response.status, wrong.error?.code, wrong.error?.problems],
    nameless,
  } satisfies Record<string, unknown>),
);
export type { Absent };
