/** The documents of the API that the page reads, and what its parts hand each other. */

export type Value = number | boolean | string | null;

export interface Channel {
  name: string;
  unit: string | null;
  type: string;
}

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

export interface CommandDescription {
  name: string;
  dangerous?: boolean;
  description?: string;
  arguments: {
    properties?: Record<string, ArgumentSchema>;
    required?: string[];
    "x-dangerous"?: boolean;
  };
}

export interface Health {
  polls: number;
  missed: number;
  retries: number;
  crc_errors: number;
  resets: number;
  lost: number;
  latency_ms: { p50: number | null; p99: number | null };
}

export interface Device {
  id: string;
  name: string;
  bus: string | null;
  address: number | null;
  driver: string;
  uid: string | null;
  boot: number | null;
  firmware: string | null;
  state: "online" | "late" | "offline" | "quarantined";
  detail: string | null;
  last_seen: string | null;
  stale: boolean;
  interval_s: number;
  simulated: boolean;
  metadata: Record<string, string>;
  channels: Channel[];
  commands: CommandDescription[];
  health: Health;
}

export interface Reading {
  key: string;
  device: string;
  time: string;
  seq: number | null;
  boot: number | null;
  values: Record<string, Value>;
  quality: string;
  simulated: boolean;
  age_s?: number;
}

export interface Command {
  id: string;
  device: string;
  name: string;
  arguments: Record<string, Value>;
  state: string;
  result: unknown;
  detail: string | null;
  actor: string | null;
  requested_at: string;
  finished_at: string | null;
  duration_ms: number | null;
}

export interface ProblemDocument {
  code: string;
  detail: string;
  status: number;
  problems?: Record<string, string>;
  command?: Command;
}

export interface WindowDocument {
  time: string;
  values: Record<string, Record<string, Value>>;
}

export interface Worker {
  name: string;
  state: string;
  restarts: number;
  progress_age_s: number | null;
  detail: string | null;
}

export interface Sink {
  name: string;
  state: string;
  lag_rows: number;
  oldest_age_s: number | null;
  delivered: number;
  rejected: number;
  error: string | null;
  since: string | null;
}

export interface BusStatus {
  name: string;
  type: string;
  port: string;
  transactions: number;
  waits: number;
  timeouts: number;
  wait_max_ms: number;
  hold_max_ms: number;
}

export interface Status {
  gateway: string;
  version: string;
  uptime_s: number;
  simulated: boolean;
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

export interface Session {
  name: string | null;
  scope: "read" | "command" | "admin";
  expires_at: string | null;
}

export interface LogLine {
  time: string;
  level: string;
  logger: string;
  message: string;
  extra: Record<string, Value>;
  exception: string | null;
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
