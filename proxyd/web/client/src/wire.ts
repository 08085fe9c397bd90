/** The wire contract, as far as the client reads it: what /v1/schema and /v1/openapi.json say. */

export type Status =
  | "ok"
  | "denied"
  | "scp_denied"
  | "region_disabled"
  | "unsupported"
  | "throttled"
  | "timeout"
  | "expired"
  | "cancelled"
  | "failed";

export type Property = string | number | boolean | null | Property[];

export interface Link {
  rel: string;
  type: string;
  arn?: string;
  id?: string;
}

export interface Resource {
  arn: string;
  type: string;
  account: string;
  region: string;
  id: string;
  name: string;
  tags: Record<string, string>;
  properties: Record<string, Property>;
  links: Link[];
  hash: string;
  truncated?: string[];
}

export interface ScanStarted {
  scan: string;
  target: string;
  account: string;
  partition: string;
  mode: "snapshot" | "watch";
  regions: string[];
  types: string[];
  shards: number;
  at: string;
}

export interface Shard {
  type: string;
  region: string;
  account: string;
  status: Status;
  resources: number;
  calls: number;
  ms: number;
  code?: string;
  action?: string;
  cause?: Cause;
  actions?: string[];
  causes?: Record<string, Cause>;
}

/** Which kind of policy refuses an action. */
export type Cause =
  | "policy"
  | "boundary"
  | "explicit_deny"
  | "session_policy"
  | "resource_policy"
  | "endpoint_policy"
  | "organization"
  | "elsewhere"
  | "undeclared";

export interface Statement {
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string | string[];
}

/** What would let a target's role do what it was refused; a cause of null is one unknown. */
export interface Remedy {
  cause: Cause | null;
  actions: string[];
  statements?: Statement[];
  role: string;
  account: string;
}

export interface ScanCompleted {
  scan: string;
  target: string;
  complete: boolean;
  resources: number;
  shards: Record<string, number>;
  missing_actions: string[];
  remedies: Remedy[];
  calls: number;
  ms: number;
  news?: { by: "events" | "looking"; code?: string };
}

export interface Removed {
  arn: string;
  type: string;
  region: string;
}

export interface Closing {
  reason: string;
  retry: number;
}

/** One line of a stream. */
export type Frame =
  | { event: "scan.started"; id: string; data: ScanStarted }
  | { event: "resource"; id: string; data: Resource }
  | { event: "resource.removed"; id: string; data: Removed }
  | { event: "shard"; id: string; data: Shard }
  | { event: "scan.completed"; id: string; data: ScanCompleted }
  | { event: "reset"; id: string; data: { reason: string } }
  | { event: "closing"; id: string; data: Closing };

export interface Target {
  name: string;
  account: string;
  partition: string;
  regions: string[];
  types: string[];
}

export interface Scanner {
  type: string;
  service: string;
  scope: "regional" | "global";
  plugin: string;
  actions: string[];
  fields: string[];
  links: { rel: string; type: string }[];
  cost: string;
}

export interface Session {
  principal: string;
  groups: string[];
  admin: boolean;
  expires: string | null;
  logout_url?: string | null;
}

export interface Query {
  target: string[];
  type?: string[];
  region?: string[];
  where?: string;
  mode: "snapshot" | "watch";
  detail: "full" | "list";
  last_event_id?: string;
}

/** What a request is refused with (RFC 9457). */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  column?: number;
  parameter?: string;
  login?: string;
}
