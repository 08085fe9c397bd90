import { describe, expect, it } from "vitest";
import { Estate } from "../src/estate";
import { FEW, Placing } from "../src/placing";
import type { Frame, Link, Resource } from "../src/wire";
import { ACCOUNT, came, resource } from "./things";

const started: Frame = {
  event: "scan.started",
  id: "e-0",
  data: {
    ...{ scan: "s", target: "production", account: ACCOUNT, partition: "aws", mode: "watch" },
    ...{ regions: ["eu-west-1"], types: [], shards: 4, at: "2026-11-27T00:00:00Z" },
  },
};
const completed: Frame = {
  event: "scan.completed",
  id: "e-9",
  data: {
    ...{ scan: "s", target: "production", complete: true, resources: 1, shards: {} },
    ...{ missing_actions: [], remedies: [], calls: 1, ms: 1 },
  },
};
const INSTANCE = "AWS::EC2::Instance";
const VPC: Link = { rel: "in", type: "AWS::EC2::VPC", id: "vpc-1" };
const SUBNET: Link = { rel: "in", type: "AWS::EC2::Subnet", id: "subnet-1" };

describe("the estate", () => {
  it("tells what happened only after the picture is whole", () => {
    const estate = new Estate();
    estate.apply([started, came(resource(INSTANCE, "i-1")), completed]);
    expect(estate.happenings).toEqual([]);
    estate.apply([
      came(resource(INSTANCE, "i-1")),
      came({ ...resource(INSTANCE, "i-1", [], "2"), properties: { State: "stopped" } }),
      came(resource(INSTANCE, "i-2")),
      {
        event: "resource.removed",
        id: "e",
        data: { arn: resource(INSTANCE, "i-1").arn, type: INSTANCE, region: "eu-west-1" },
      },
    ]);
    expect(estate.happenings.map(({ kind, name }) => [kind, name])).toEqual([
      ["removed", "i-1"],
      ["new", "i-2"],
      ["changed", "i-1"],
    ]);
    expect(estate.happenings[2]?.changes).toEqual(["State"]);
  });

  it("tells what would mend the gaps, by target, as of the last round", () => {
    const estate = new Estate();
    const remedy = { cause: "policy" as const, actions: ["a:B"], role: "r", account: ACCOUNT };
    const lacking = { ...completed.data, complete: false, remedies: [remedy] };
    expect(estate.remedies).toEqual([]);
    estate.apply([started, { ...completed, data: lacking } as Frame]);
    expect(estate.remedies).toEqual([{ target: "production", remedies: [remedy] }]);
    estate.apply([completed]);
    expect(estate.remedies).toEqual([]);
  });

  it("drops everything at a reset, and what happened stays", () => {
    const estate = new Estate();
    estate.apply([started, came(resource(INSTANCE, "i-1")), completed]);
    estate.apply([came(resource(INSTANCE, "i-2"))]);
    const changed = estate.apply([
      { event: "reset", id: "e", data: { reason: "replay_unavailable" } },
      started,
    ]);
    expect(changed.reset).toBe(true);
    expect(estate.resources.size).toBe(0);
    expect(estate.whole).toBe(false);
    expect(estate.happenings).toHaveLength(1);
  });

  it("finds what a link names by id, in its region or in none", () => {
    const estate = new Estate();
    const role = { ...resource("AWS::IAM::Role", "r"), region: "global" };
    const from = resource(INSTANCE, "i-1", [{ rel: "runs-as", type: role.type, id: "r" }, VPC]);
    estate.apply([came(role), came(from)]);
    expect(estate.linked(from, from.links[0] as Link)).toBe(role.arn);
    expect(estate.linked(from, from.links[1] as Link)).toBeUndefined();
  });
});

describe("the placing", () => {
  function placed(...resources: Resource[]): Placing {
    const estate = new Estate();
    const placing = new Placing(estate);
    placing.update(estate.apply([started, ...resources.map(came)]).arns.keys());
    return placing;
  }
  const path = (placing: Placing, arn: string): string[] =>
    (placing.boxOf(arn)?.path ?? []).map((box) => box.kind);

  it("puts a thing into the subnet that it is in, whichever comes first", () => {
    const instance = resource(INSTANCE, "i-1", [VPC, SUBNET]);
    const subnet = resource("AWS::EC2::Subnet", "subnet-1", [VPC]);
    const network = resource("AWS::EC2::VPC", "vpc-1");
    for (const order of [
      [instance, subnet, network],
      [network, subnet, instance],
    ]) {
      const placing = placed(...order);
      expect(path(placing, instance.arn)).toEqual(["estate", "account", "region", "vpc", "subnet"]);
      expect(placing.boxOf(instance.arn)).toBe(placing.boxOf(subnet.arn));
      expect(placing.boxOf(network.arn)?.boxes.size).toBe(1);
    }
  });

  it("puts what is in several subnets into their network, and what is in several into none", () => {
    const balancer = resource("AWS::ElasticLoadBalancingV2::LoadBalancer", "lb", [
      VPC,
      SUBNET,
      { ...SUBNET, id: "subnet-2" },
    ]);
    const zone = resource("AWS::Route53::HostedZone", "z", [VPC, { ...VPC, id: "vpc-2" }]);
    const placing = placed(balancer, zone);
    expect(path(placing, balancer.arn)).toEqual(["estate", "account", "region", "vpc", "type"]);
    expect(path(placing, zone.arn)).toEqual(["estate", "account", "region", "type"]);
  });

  const gone = (...all: Resource[]): Frame[] =>
    all.map(({ arn, type, region }) => ({
      event: "resource.removed",
      id: "e",
      data: { arn, type, region },
    }));

  it("keeps a network that is empty, and lets it go when it goes", () => {
    const instance = resource(INSTANCE, "i-1", [VPC, SUBNET]);
    const subnet = resource("AWS::EC2::Subnet", "subnet-1", [VPC]);
    const network = resource("AWS::EC2::VPC", "vpc-1");
    const estate = new Estate();
    const placing = new Placing(estate);
    const apply = (...frames: Frame[]): void =>
      placing.update(estate.apply(frames).arns.keys());
    apply(started, came(instance), came(subnet), came(network));
    apply(...gone(instance));
    expect([...placing.root.all()].map(({ kind }) => kind)).toContain("subnet");
    apply(...gone(subnet));
    expect([...placing.root.all()].map(({ kind }) => kind)).toContain("vpc");
    apply(...gone(network));
    expect([...placing.root.all()]).toHaveLength(1);
  });

  it("puts what names its subnet only into it, whichever comes first", () => {
    const thing = resource("AWS::EC2::NetworkInterface", "eni-1", [SUBNET]);
    const subnet = resource("AWS::EC2::Subnet", "subnet-1", [VPC]);
    const placing = placed(thing, subnet);
    expect(path(placing, thing.arn)).toEqual(["estate", "account", "region", "vpc", "subnet"]);
  });

  it("fills the place of one that has gone from the pile, and opens what is left of it", () => {
    const many = Array.from({ length: FEW + 12 }, (_, i) => resource("AWS::SQS::Queue", `q${i}`));
    const estate = new Estate();
    const placing = new Placing(estate);
    placing.update(estate.apply([started, ...many.map(came)]).arns.keys());
    placing.update(estate.apply(gone(...many.slice(0, 2))).arns.keys());
    const [pile] = placing.piles.values();
    expect(pile?.arns.size).toBe(10);
    expect(pile?.box.tiles.size).toBe(FEW + 1);
    if (pile !== undefined) placing.open(pile);
    expect([...placing.root.all()].at(-1)?.tiles.size).toBe(FEW + 10);
  });

  it("makes a pile of many, which opens and goes", () => {
    const many = Array.from({ length: FEW + 30 }, (_, i) => resource("AWS::SQS::Queue", `q${i}`));
    const estate = new Estate();
    const placing = new Placing(estate);
    placing.update(estate.apply([started, ...many.map(came)]).arns.keys());
    const [pile] = placing.piles.values();
    expect(pile?.arns.size).toBe(30);
    expect(pile?.box.tiles.size).toBe(FEW + 1);
    expect(placing.tileOf((many[FEW + 3] as Resource).arn)).toBe(pile?.id);
    if (pile !== undefined) placing.open(pile);
    expect(placing.piles.size).toBe(0);
    expect(pile?.box.tiles.size).toBe(FEW + 30);
    const gone = many.map(({ arn, type, region }): Frame => {
      return { event: "resource.removed", id: "e", data: { arn, type, region } };
    });
    placing.update(estate.apply(gone).arns.keys());
    expect([...placing.root.all()]).toHaveLength(1);
  });
});
