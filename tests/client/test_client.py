"""The web client in a real browser: from the login to the picture and back to nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from proxyd.web.pages import CONTENT_POLICY
from tests.e2e.conftest import Estate
from tests.e2e.daemon import Daemon, named, running, settings
from tests.e2e.fake_aws import Answer, Call, error, fake_aws, xml
from tests.e2e.faults import FaultProxy, refused
from tests.e2e.test_watch import KEYS, TARGET, TYPE, kept_live

from .conftest import client_of
from .wire import wired

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_wrong_token_is_told_and_a_right_one_lets_in(
    browser: Browser, demo: Daemon
) -> None:
    """The token stays nowhere: not in the field, not in the address."""
    async with client_of(browser, demo) as client:
        await client.open()
        field = client.page.get_by_label("API token")
        await field.fill("pxd_00000000_wrong")
        await client.page.get_by_role("button", name="Log in").click()
        await expect(client.page.get_by_role("alert")).to_have_text("That token is not good here.")
        await expect(field).to_have_value("")
        await client.log_in()
        await expect(client.page.get_by_label("production")).to_be_visible()
        assert client.page.url == f"{demo.url}/"
        [cookie] = await client.page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
            "proxyd",
            True,
            "Strict",
        )


async def test_it_has_what_the_api_has(browser: Browser, demo: Daemon) -> None:
    """Two accounts over one stream; as many resources as the API tells, and all are placed.

    The estate is young: tasks and instances are still being started in it.
    """
    async with client_of(browser, demo) as client:
        await client.show("production", "staging")
        _, body = await demo.get("/v1/streams")
        assert len(json.loads(body)["streams"]) == 1
        for _ in range(10):
            events = await demo.scan(target=["production", "staging"])
            expected = {found["arn"] for found in named(events, "resource")}
            placed = {node["arn"] for node in (await client.blueprint())["nodes"]}
            if placed == expected:
                break
        assert placed == expected
        assert await client.count() == len(expected) > 500


async def test_from_the_table_to_a_thing_and_along_its_links(
    browser: Browser, demo: Daemon
) -> None:
    """A filter, a row, its details, and the subnet that it is in."""
    async with client_of(browser, demo) as client:
        await client.show("production")
        await client.view("Table")
        await client.filter("type=AWS::EC2::Instance and state=running")
        page = client.page
        row = page.get_by_role("row").nth(1)
        await expect(row).to_contain_text("EC2 Instance")
        await row.get_by_role("button").click()
        details = page.get_by_role("complementary", name="Details")
        await expect(details).to_contain_text("InstanceType")
        console = details.get_by_role("link", name="AWS console")
        address = await console.get_attribute("href") or ""
        assert address.startswith("https://console.aws.amazon.com/go/view?arn=arn%3Aaws%3Aec2")
        await (
            details.get_by_role("listitem")
            .filter(has_text="in EC2 Subnet")
            .get_by_role("button")
            .click()
        )
        await expect(details.get_by_role("heading", level=2)).to_contain_text("main")
        await expect(details).to_contain_text("EC2 Subnet")


async def test_a_filter_that_is_wrong_points_at_where(browser: Browser, demo: Daemon) -> None:
    """The column is the one that the API names, and what was shown stays."""
    wrong = "type=AWS::EC2::* and nme=web"
    problem = await demo.problem("/v1/stream", params={"target": "production", "where": wrong})
    async with client_of(browser, demo) as client:
        await client.show("production", types="AWS::EC2::*")
        await client.filter("type=AWS::EC2::Instance")
        await client.view("Table")
        shown = await client.page.get_by_role("table").get_attribute("aria-rowcount")
        await client.filter(wrong)
        alert = client.page.locator("#filter-error")
        await expect(alert).to_contain_text("unknown field 'nme'")
        pointed = (await alert.locator("code").inner_text()).split("\n")[1]
        assert len(pointed) == problem["column"]
        assert await client.page.get_by_role("table").get_attribute("aria-rowcount") == shown


async def test_what_was_not_seen_is_said_with_what_mends_it(
    browser: Browser, estate: Estate, tmp_path: Path
) -> None:
    """A denied service shows in the coverage, by region, with the statement that is missing."""
    async with FaultProxy(estate.endpoint).serving() as proxy:
        proxy.add(refused("UnauthorizedOperation", 403), operation="DescribeVpcs")
        config = settings(estate.targets, proxy.endpoint)
        async with (
            running(config, tmp_path, environment=estate.environment) as daemon,
            client_of(browser, daemon) as client,
        ):
            await client.show("production", types="AWS::EC2::*")
            await client.page.get_by_role("button", name="could not be seen").click()
            assert json.loads(await client.page.locator("pre").inner_text()) == {
                "Effect": "Allow",
                "Action": ["ec2:DescribeVpcs"],
                "Resource": "*",
            }
            mending = client.page.locator(".missing")
            await expect(mending).to_contain_text("One permission is missing")
            await expect(mending).to_contain_text("the role proxyd-read in account 222222222222")
            header = client.page.get_by_role("rowheader", name="EC2 VPC", exact=True)
            cells = client.page.get_by_role("row").filter(has=header).locator("td.gap")
            await expect(cells).to_have_count(2)
            await expect(cells.first).to_contain_text("denied")


async def test_what_no_policy_mends_is_said_apart_and_by_target(
    browser: Browser, estate: Estate, tmp_path: Path
) -> None:
    """What the organization forbids has no statement; of several targets each has its own."""
    scp = "with an explicit deny in a service control policy"
    async with FaultProxy(estate.endpoint).serving() as proxy:
        proxy.add(refused("AccessDenied", 403, scp), operation="DescribeVpcs", region="eu-west-1")
        config = settings(estate.targets, proxy.endpoint)
        async with (
            running(config, tmp_path, environment=estate.environment) as daemon,
            client_of(browser, daemon) as client,
        ):
            await client.show("production", "staging", types="AWS::EC2::VPC")
            await client.page.get_by_role("button", name="could not be seen").click()
            mending = client.page.locator(".missing section")
            await expect(mending).to_have_count(2)
            for index, target in enumerate(("production", "staging")):
                section = mending.nth(index)
                await expect(section).to_contain_text(target)
                await expect(section).to_contain_text(
                    "A policy of the organization forbids these, which no policy of the role "
                    "mends: ec2:DescribeVpcs"
                )
            await expect(client.page.locator(".missing pre")).to_have_count(0)


async def test_changes_show_by_themselves(browser: Browser, tmp_path: Path) -> None:
    """What comes and what goes while one looks, with a list of what happened."""
    async with kept_live(tmp_path) as (daemon, aws), client_of(browser, daemon) as client:
        await client.show("fake", types=TYPE)
        assert await client.count() == 3
        aws.names["eu-west-2"] = ["vpc-4", "vpc-5"]
        await expect(client.page.locator(".status")).to_contain_text("4 resources")
        await client.view("Changes")
        items = client.page.get_by_role("listitem")
        await expect(items).to_have_count(3)
        for text in ("new", "vpc-4", "vpc-5", "gone", "vpc-3"):
            await expect(items.filter(has_text=text).first).to_be_visible()


async def test_a_connection_that_breaks_is_told_and_comes_back(
    browser: Browser, tmp_path: Path
) -> None:
    """The picture says since when it is not live, and then has what was missed."""
    async with (
        kept_live(tmp_path) as (daemon, aws),
        wired(daemon.url) as wire,
        client_of(browser, daemon, url=wire.url) as client,
    ):
        await client.show("fake", types=TYPE)
        wire.cut()
        status = client.page.locator(".status")
        await expect(status).to_contain_text("Not live since")
        await expect(status).to_contain_text("3 resources")
        aws.names["eu-west-1"] = ["vpc-1", "vpc-9"]
        wire.mend()
        await client.page.get_by_role("button", name="Now").click()
        await client.live()
        await client.view("Table")
        rows = client.page.get_by_role("row")
        for name in ("vpc-1", "vpc-9", "vpc-3"):
            await expect(rows.filter(has_text=name)).to_be_visible()
        await expect(rows.filter(has_text="vpc-2")).to_have_count(0)
        await client.view("Changes")
        await expect(client.page.get_by_role("listitem")).to_have_count(2)


async def test_a_restart_of_the_daemon_is_sat_through(browser: Browser, tmp_path: Path) -> None:
    """`shutdown` and then nobody there: it says so and tries again by itself."""
    async with kept_live(tmp_path) as (daemon, _), client_of(browser, daemon) as client:
        await client.show("fake", types=TYPE)
        daemon.process.terminate()
        await daemon.stopped()
        await expect(client.page.locator(".status")).to_contain_text("Trying again in")
        await expect(client.page.locator(".status")).to_contain_text("3 resources")


async def test_a_role_that_is_taken_away_ends_the_picture(browser: Browser, tmp_path: Path) -> None:
    """It says why, and does not come back by itself."""
    watch = {"revoked_seconds": 0.5}
    async with kept_live(tmp_path, watch) as (daemon, aws), client_of(browser, daemon) as client:
        await client.show("fake", types=TYPE)

        async def denied(_: object) -> Any:
            return error("AccessDenied", status=403)

        aws.fake.answers["AssumeRole"] = denied
        await expect(client.page.locator(".status")).to_contain_text(
            "Not live: your right to see this was taken away."
        )


async def test_logging_out_ends_the_stream_and_forgets(browser: Browser, tmp_path: Path) -> None:
    """The stream is gone from the daemon, and the page has nothing left to show."""
    async with kept_live(tmp_path) as (daemon, _), client_of(browser, daemon) as client:
        await client.show("fake", types=TYPE)
        await client.page.get_by_role("button", name="Log out").click()
        await expect(client.page.get_by_label("API token")).to_be_visible()
        _, body = await daemon.get("/v1/streams")
        assert json.loads(body)["streams"] == []
        assert "vpc-1" not in await client.page.content()
        assert await client.page.context.cookies() == []


async def test_a_logout_that_fails_is_told(browser: Browser, demo: Daemon) -> None:
    """Where proxyd can not be reached for it one is still logged in, and hears so."""
    async with client_of(browser, demo) as client:
        await client.log_in()
        await client.page.context.set_offline(True)
        await client.page.get_by_role("button", name="Log out").click()
        await expect(client.page.get_by_role("alert")).to_contain_text("still logged in")
        await client.page.context.set_offline(False)
        await client.page.get_by_role("button", name="Log out").click()
        await expect(client.page.get_by_label("API token")).to_be_visible()


async def test_a_blueprint_keeps_places_and_holds_no_data(browser: Browser, tmp_path: Path) -> None:
    """Opened again, all is where it was; what has gone is shown as gone, what is new as added."""
    async with kept_live(tmp_path) as (daemon, aws), client_of(browser, daemon) as client:
        aws.names["eu-west-1"] = [f"vpc-{i}" for i in range(60)]
        await client.show("fake", types=TYPE)
        before = await client.blueprint()
        assert set(before) == {"proxyd_blueprint", "targets", "nodes", "edges", "view"}
        allowed = {"arn", "type", "x", "y", "place", "box"}
        assert all(set(node) <= allowed for node in before["nodes"])
        assert len(before["nodes"]) == 61
        aws.names["eu-west-1"].remove("vpc-7")
        aws.names["eu-west-1"].append("vpc-new")
        path = tmp_path / "blueprint.json"
        path.write_text(json.dumps(before))
        await client.page.get_by_role("button", name="Choose again").click()
        await client.page.get_by_label("Open a blueprint").set_input_files(path)
        await client.live()
        await client.view("Changes")
        page = client.page
        await expect(page.locator("summary").nth(0)).to_have_text("added 1")
        await expect(page.locator("summary").nth(1)).to_have_text("removed 1")
        await expect(page.locator("summary").nth(2)).to_have_text("changed 0")
        await expect(page.get_by_role("button", name="vpc/vpc-7")).to_be_visible()
        await expect(page.get_by_role("button", name="vpc/vpc-new")).to_be_visible()
        after = await client.blueprint()
        places = {node["arn"]: (node["x"], node["y"]) for node in after["nodes"]}
        for node in before["nodes"]:
            if not node["arn"].endswith("/vpc-7"):
                assert places[node["arn"]] == (node["x"], node["y"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no", "It is no JSON."),
        ("{}", 'It is no blueprint: "proxyd_blueprint": 1 is missing.'),
        ('{"proxyd_blueprint": 1, "targets": ["a"], "nodes": [1], "edges": []}', "nodes has to be"),
    ],
)
async def test_a_file_that_is_no_blueprint_is_told(
    browser: Browser, demo: Daemon, tmp_path: Path, text: str, why: str
) -> None:
    """What is wrong, and nothing is changed."""
    path = tmp_path / "x.json"
    path.write_text(text)
    async with client_of(browser, demo) as client:
        await client.log_in()
        await client.page.get_by_label("Open a blueprint").set_input_files(path)
        await expect(client.page.get_by_role("alert")).to_contain_text(why)


async def test_what_can_be_exported(browser: Browser, demo: Daemon) -> None:
    """Pictures that are well-formed, and the rows of the table; each says that it leaves."""
    async with client_of(browser, demo) as client:
        await client.show("production", types="AWS::EC2::*")
        count = await client.count()
        for kind in ("SVG", "draw.io"):
            button = f"Save the picture {'as SVG' if kind == 'SVG' else 'for draw.io'}"
            assert len(list(ET.fromstring(await client.saved(button)).iter())) > count  # noqa: S314 - ours
        picture = await client.downloaded("Save the picture as PNG")
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 20_000
        rows = (await client.saved("Save the rows of the table as NDJSON")).splitlines()
        assert len({json.loads(row)["arn"] for row in rows}) == count
        table = await client.saved("Save the rows of the table as CSV")
        assert len(table.splitlines()) == count + 1
        await client.page.get_by_role("button", name="Files").click()
        await expect(client.page.get_by_role("dialog")).to_contain_text("can not take it back")


async def test_names_from_aws_are_never_markup(browser: Browser, tmp_path: Path) -> None:
    """Tags and names that would be scripts, formulas and elements are text everywhere."""
    hostile = [
        "<img src=x onerror=alert(1)>",
        "</text><script>alert(2)</script>",
        "javascript:alert(3)",
        '=HYPERLINK("https://evil.example.com")',
        "\u202egnp.exe",
        "{{constructor.constructor('alert(4)')()}}",
    ]
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = _tagged(hostile)
        config = settings([TARGET | {"types": [TYPE]}], fake.endpoint)
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            client_of(browser, daemon) as client,
        ):
            dialogs: list[str] = []
            client.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
            await client.show("fake", types=TYPE)
            for view in ("Diagram", "Table", "Counts", "Coverage", "Changes", "Table"):
                await client.view(view)
            for name in hostile:
                await expect(
                    client.page.get_by_role("button", name=name, exact=True).first
                ).to_be_visible()
            svg = await client.saved("Save the picture as SVG")
            assert "<script>alert" not in svg
            assert "&lt;img" in svg
            csv = await client.saved("Save the rows of the table as CSV")
            assert "\"'=HYPERLINK" in csv
            assert dialogs == []
            assert await client.page.locator("img, script:not([src])").count() == 0


def _tagged(names: list[str]) -> Answer:
    """Answer with VPCs that have these names."""

    async def answer(call: Call) -> web.StreamResponse:
        items = "".join(
            f"<item><vpcId>vpc-{call.region}-{i}</vpcId><state>available</state>"
            "<cidrBlock>10.0.0.0/16</cidrBlock><ownerId>222222222222</ownerId><tagSet><item><key>Name</key>"
            f"<value>{escape(name)}</value></item></tagSet></item>"
            for i, name in enumerate(names)
        )
        return xml("DescribeVpcs", f"<vpcSet>{items}</vpcSet>")

    return answer


async def test_the_page_may_do_nothing_but_what_it_does(browser: Browser, demo: Daemon) -> None:
    """Its policy holds no inline script or style and nothing from elsewhere."""
    assert "unsafe" not in CONTENT_POLICY
    async with client_of(browser, demo) as client:
        asked: list[str] = []
        client.page.on("request", lambda request: asked.append(request.url))
        await client.show("production", types="AWS::EC2::*")
        assert all(url.startswith((demo.url, "blob:")) for url in asked), asked
        for path in ("/", *(url.removeprefix(demo.url) for url in asked if "/assets/" in url)):
            async with demo.request("GET", path, token="") as response:
                assert response.status == 200
                assert response.headers["Content-Security-Policy"] == CONTENT_POLICY
    for accept, packed in (("gzip", True), ("gzip;q=0", False), ("br", False), ("", False)):
        headers = {"Accept-Encoding": accept}
        async with demo.request("GET", "/", token="", headers=headers) as response:
            assert (response.headers.get("Content-Encoding") == "gzip") is packed
            assert "<title>proxyd</title>" in await response.text()


async def test_a_session_that_ends_takes_the_picture_with_it(
    browser: Browser, tmp_path: Path
) -> None:
    """The login is asked for again, says why, and nothing is left in the page."""
    async with (
        kept_live(tmp_path, session={"seconds": 4}) as (daemon, _),
        client_of(browser, daemon) as client,
    ):
        await client.show("fake", types=TYPE)
        await client.view("Table")
        await expect(client.page.get_by_role("row")).to_have_count(4)
        await expect(client.page.get_by_label("API token")).to_be_visible()
        await expect(client.page.get_by_role("alert")).to_contain_text("your login is over")
        assert "vpc-1" not in await client.page.content()


async def test_many_of_one_type_are_a_pile_that_opens(browser: Browser, tmp_path: Path) -> None:
    """Sixty keys are forty-eight and a pile; a click on it, and each has a place of its own."""

    async def keys(_: Call) -> web.StreamResponse:
        items = "".join(
            f"<item><keyPairId>key-{i}</keyPairId><keyName>k{i}</keyName><keyType>rsa</keyType></item>"
            for i in range(60)
        )
        return xml("DescribeKeyPairs", f"<keySet>{items}</keySet>")

    async with fake_aws() as fake:
        fake.answers["DescribeKeyPairs"] = keys
        types = {"types": ["AWS::EC2::KeyPair"], "regions": ["eu-west-1"]}
        config = settings([TARGET | types], fake.endpoint)
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            client_of(browser, daemon) as client,
        ):
            await client.show("fake")
            saved = await client.blueprint()
            piled = [node for node in saved["nodes"] if "place" not in node]
            assert (len(saved["nodes"]), len(piled)) == (60, 12)
            view, at = saved["view"], piled[0]
            await client.page.get_by_role("application").click(
                position={
                    "x": (at["x"] + 48 - view["x"]) * view["zoom"],
                    "y": (at["y"] + 30 - view["y"]) * view["zoom"],
                }
            )
            opened = await client.blueprint()
            assert sorted(node["place"] for node in opened["nodes"]) == list(range(60))
            before = {n["arn"]: n["place"] for n in saved["nodes"] if "place" in n}
            after = {node["arn"]: node["place"] for node in opened["nodes"]}
            assert before.items() <= after.items()


async def test_among_many_accounts_one_is_found_by_typing(
    browser: Browser, estate: Estate, tmp_path: Path
) -> None:
    """With hundreds of them what is typed narrows the list, and what is left is chosen at once."""
    others = [
        {
            "name": f"team-{number:03}",
            "role_arn": f"arn:aws:iam::{number:012}:role/proxyd-read",
            "external_id": f"external-{number}",
        }
        for number in range(300)
    ]
    config = settings([*estate.targets, *others], estate.endpoint)
    async with (
        running(config, tmp_path, environment=estate.environment) as daemon,
        client_of(browser, daemon) as client,
    ):
        await client.log_in()
        boxes = client.page.get_by_role("group", name="Accounts").get_by_role("checkbox")
        await expect(boxes).to_have_count(302)
        find = client.page.get_by_label("Find")
        await find.fill("TEAM-29")
        await expect(boxes).to_have_count(10)
        await client.page.get_by_role("button", name="Choose these 10").click()
        show = client.page.get_by_role("button", name="Show these 10 accounts")
        await expect(show).to_be_enabled()
        await client.page.get_by_role("button", name="None of these").click()
        await expect(client.page.get_by_role("button", name="Choose an account")).to_be_disabled()
        await find.fill("222222222222")
        await expect(boxes).to_have_count(1)
        await find.press("Enter")  # looks for something, and shows nothing yet
        await client.choose("production", types="AWS::EC2::VPC")
        assert await client.count() > 0
