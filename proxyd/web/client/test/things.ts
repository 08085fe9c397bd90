/** Resources and frames, as a stream has them. */

import type { Frame, Link, Resource } from "../src/wire";

export const ACCOUNT = "222222222222";

export function resource(type: string, id: string, links: Link[] = [], hash = "1"): Resource {
  const service = (type.split("::")[1] ?? "").toLowerCase();
  const arn = `arn:aws:${service}:eu-west-1:${ACCOUNT}:${(type.split("::")[2] ?? "").toLowerCase()}/${id}`;
  const where = { account: ACCOUNT, region: "eu-west-1" };
  return { arn, type, id, name: id, tags: {}, properties: {}, links, hash, ...where };
}

export function came(data: Resource): Frame {
  return { event: "resource", id: "e-1", data };
}
