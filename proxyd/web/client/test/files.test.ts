import { describe, expect, it } from "vitest";
import { BlueprintError, difference, draw, ghosts, read } from "../src/blueprint";
import { Estate } from "../src/estate";
import { csv, drawio, escaped, ndjson, svg } from "../src/exports";
import { iconOf } from "../src/icons";
import { Placing } from "../src/placing";
import { compose, linksOf } from "../src/scene";
import type { Link, Query } from "../src/wire";
import { ACCOUNT, came, resource } from "./things";

const QUERY: Query = { target: ["production"], mode: "watch", detail: "full", region: ["eu-*"] };
const VPC: Link = { rel: "in", type: "AWS::EC2::VPC", id: "vpc-1" };

function estate(...ids: string[]): { estate: Estate; placing: Placing } {
  const made = new Estate();
  const placing = new Placing(made);
  const things = ids.map((id) => resource("AWS::EC2::Instance", id, [VPC]));
  const all = [...things, resource("AWS::EC2::VPC", "vpc-1")];
  placing.update(made.apply(all.map(came)).arns.keys());
  return { estate: made, placing };
}

describe("a blueprint", () => {
  const { estate: held, placing } = estate("i-1", "i-2", "i-3");
  const saved = draw(held, placing, QUERY, { x: 1, y: 2, zoom: 0.5 });

  it("holds ARNs and places, and no data", () => {
    expect(saved.nodes).toHaveLength(4);
    for (const node of saved.nodes) {
      expect(Object.keys(node).every((k) => ["arn", "type", "x", "y", "place", "box"].includes(k))).toBe(true);
    }
    expect(saved.edges).toHaveLength(3);
    expect(saved.view).toEqual({ x: 1, y: 2, zoom: 0.5, regions: ["eu-*"] });
  });

  it("is read as it was written", () => {
    expect(read(JSON.stringify(saved))).toEqual(saved);
  });

  it("gives everything its place before any data has come", () => {
    const empty = new Estate();
    const again = new Placing(empty);
    empty.ghosts = ghosts(saved);
    again.seed(new Map(saved.nodes.map(({ arn, place }) => [arn, place])));
    const scene = compose(empty, again, { meant: undefined, news: new Map() });
    for (const { arn, x, y } of saved.nodes) expect(scene.places.get(arn)).toMatchObject({ x, y });
  });

  it("keeps the place of what has neither account nor region in its ARN", () => {
    const held = new Estate();
    const placing = new Placing(held);
    const bucket = { ...resource("AWS::S3::Bucket", "b"), arn: "arn:aws:s3:::b" };
    placing.update(held.apply([came(bucket)]).arns.keys());
    const made = draw(held, placing, QUERY, { x: 0, y: 0, zoom: 1 });
    const empty = new Estate();
    const again = new Placing(empty);
    empty.ghosts = ghosts(made);
    again.seed(new Map(made.nodes.map(({ arn, place }) => [arn, place])));
    const before = again.boxOf(bucket.arn);
    again.update(empty.apply([came(bucket)]).arns.keys());
    expect(again.boxOf(bucket.arn)).toBe(before);
    expect(before?.path[2]?.label).toBe("eu-west-1");
  });

  it("says what is not as it was", () => {
    const { estate: now } = estate("i-1", "i-2", "i-4");
    now.apply([came(resource("AWS::EC2::Instance", "i-2", [], "2"))]);
    now.ghosts = ghosts(saved);
    const arn = (id: string): string => resource("AWS::EC2::Instance", id).arn;
    const shard = { ...{ type: "AWS::EC2::Instance", region: "eu-west-1", account: ACCOUNT } };
    const spent = { resources: 3, calls: 1, ms: 1 };
    for (const status of ["denied", "ok"] as const) {
      now.apply([{ event: "shard", id: "e", data: { ...shard, ...spent, status } }]);
      const { added, removed, unseen, changed } = difference(saved, now);
      expect([added, changed]).toEqual([[arn("i-4")], [arn("i-2")]]);
      expect([removed, unseen]).toEqual(status === "ok" ? [[arn("i-3")], []] : [[], [arn("i-3")]]);
    }
  });

  it.each([
    ["", "no JSON"],
    ["[]", "proxyd_blueprint"],
    ['{"proxyd_blueprint": 2}', "proxyd_blueprint"],
    ['{"proxyd_blueprint": 1}', "targets has to be a list"],
    ['{"proxyd_blueprint": 1, "targets": [1]}', "targets[0] has to be a text"],
    ['{"proxyd_blueprint": 1, "targets": [], "nodes": {}}', "nodes has to be a list"],
    ['{"proxyd_blueprint": 1, "targets": [], "nodes": [{"arn": 1}]}', "nodes[0].arn"],
    [
      '{"proxyd_blueprint": 1, "targets": [], "nodes": [{"arn": "a", "type": "t", "x": null}]}',
      "nodes[0].x has to be a number",
    ],
  ])("that is none is told: %s", (text, why) => {
    expect(() => read(text)).toThrow(BlueprintError);
    expect(() => read(text)).toThrow(why);
  });

  it("takes over nothing that is no part of one", () => {
    const more = { ...saved, script: "x", view: { ...saved.view, zoom: -1, html: "<b>" } };
    const taken = read(JSON.stringify(more));
    expect(taken).not.toHaveProperty("script");
    expect(taken.view).toEqual({ regions: ["eu-*"] });
  });
});

describe("an icon", () => {
  it("is there for a service, and for a word of the language there is none", () => {
    expect(iconOf("AWS::EC2::Instance")).toContain("AmazonEC2");
    for (const word of ["constructor", "__proto__", "toString"]) {
      expect(iconOf(`AWS::${word}::X`)).toBe("");
    }
  });
});

describe("an export", () => {
  const hostile = '<script>alert("1")</script>&\u0000\uFFFE';

  it("has names as text only", () => {
    const { estate: held, placing } = estate("i-1");
    const named = { ...resource("AWS::EC2::Instance", "i-9", [VPC]), name: hostile };
    placing.update(held.apply([came(named)]).arns.keys());
    const scene = compose(held, placing, { meant: undefined, news: new Map() });
    const links = linksOf(held, placing, held.resources.keys());
    for (const file of [svg(scene, links), drawio(scene, links)]) {
      expect(file).not.toContain("<script");
      expect(file).toContain("&lt;script");
      expect(file).not.toMatch(/[\u0000\uFFFE]/u);
    }
  });

  it("replaces what XML can not hold", () => {
    expect(escaped("a\u0001b\uD800c\u{1D11E}")).toBe("a�b�c\u{1D11E}");
  });

  it("has no formula for a spreadsheet", () => {
    const named = { ...resource("AWS::SQS::Queue", "q"), name: '=1+"2"', tags: { "@a": "x\ny" } };
    const [head, row] = csv([named]).split("\r\n");
    expect(head).toBe('"name","type","account","region","id","arn","tags"');
    expect(row).toMatch(/^"'=1\+""2""","AWS::SQS::Queue",.*,"'@a=x\ny"$/su);
  });

  it("is one line of JSON for each resource", () => {
    const all = [resource("AWS::SQS::Queue", "a"), resource("AWS::SQS::Queue", "b")];
    expect(ndjson(all).trimEnd().split("\n").map((line) => JSON.parse(line))).toEqual(all);
  });
});
