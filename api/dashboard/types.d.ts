/** The documents of the API that the page reads, and what its parts hand each other. */

import type { components } from "./schema";

/** Made from the OpenAPI document; what follows says more only where the document leaves it open. */
type Schemas = components["schemas"];
type Documented<Name extends keyof Schemas> = Schemas[Name];

export type Value = number | boolean | string | null;
export type Channel = Schemas["Channel"];
export type Health = Schemas["Health"];
export type WindowDocument = Schemas["Window"];
export type Session = Schemas["Session"];
export type LogLine = Schemas["LogLine"];
export type PartView = Schemas["PartView"];

/** One property of a command's JSON Schema; `unit` and `dangerous` are extensions that a driver may add. */
export interface ArgumentSchema {
  type?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  enum?: (string | number)[];
  default?: Value;
  description?: string;
  unit?: string;
}

export interface CommandDescription extends Documented<"CommandDescription"> {
  dangerous?: boolean;
  description?: string;
  arguments: {
    properties?: Record<string, ArgumentSchema>;
    required?: string[];
    "x-dangerous"?: boolean;
  };
}

export interface Device extends Documented<"Device"> {
  commands: CommandDescription[];
}

/** A reading of the history or of the event stream, or the newest one, which tells its age. */
export interface Reading extends Documented<"Reading"> {
  age_s?: number;
}

export interface Command extends Documented<"Command"> {
  arguments: Record<string, Value>;
}

/** What the page needs of a problem, which may also come from a proxy: then without a code. */
export type ProblemDocument = Pick<Schemas["Problem"], "detail" | "status" | "problems"> & {
  code: Schemas["Problem"]["code"] | "";
  command?: Command;
};

/** What the parts of the status tell; the document leaves them open, for they grow. */
export type Worker = {
  name: string;
  state: string;
  restarts: number;
  progress_age_s: number | null;
  detail: string | null;
};

export type Sink = {
  name: string;
  state: string;
  lag_rows: number;
  oldest_age_s: number | null;
  delivered: number;
  rejected: number;
  error: string | null;
  since: string | null;
};

export type BusStatus = {
  name: string;
  type: string;
  port: string;
  transactions: number;
  waits: number;
  timeouts: number;
  wait_max_ms: number;
  hold_max_ms: number;
};

export interface Status extends Documented<"Status"> {
  clock: { time?: string; synchronized?: boolean };
  workers: Worker[];
  journal: {
    status: string;
    detail: string | null;
    queued: number;
    committed_rows: number;
    bytes: number;
    bytes_max: number;
    failed_commits: number;
    shed_rows: number;
    last_commit_age_s: number | null;
  };
  sinks: Sink[];
  buses: BusStatus[];
}

/** One message of the event stream. */
export interface StreamEvent {
  id: string;
  type: string;
  data: string;
}

export type ConnectionState = "connecting" | "live" | "lost";

/** What a view gives the router: it may be told to look again, and it cleans up after itself. */
export interface View {
  title: string;
  update?(changed: ReadonlySet<string>): void;
  tick?(): void;
  close?(): void;
}
