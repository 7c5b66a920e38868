"""What ci/report-page looks at, with the report's path as argument. A failed look ends it with 1 and says what was expected."""
import json
import os
import pathlib
import re
import sys

from playwright.sync_api import sync_playwright

REPORT = pathlib.Path(sys.argv[1]).resolve()
RESULTS = json.loads((REPORT.parent / "results.json").read_text())
SHOTS = pathlib.Path(os.environ["SHOTS"])
VERDICTS = {one["id"]: one["verdict"].upper().replace("-", " ") for one in RESULTS["scenarios"]}
FINDINGS = [name for name, verdict in VERDICTS.items() if verdict not in ("PASS", "NOT APPLICABLE")]
FAILED = [name for name, verdict in VERDICTS.items() if verdict == "FAIL"]

# Text against the ground behind it, as WCAG 2 computes it: the smallest ratio of what can be seen, and where.
CONTRAST = """() => {
  const channels = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = one => {
    for (; one; one = one.parentElement) { const c = channels(getComputedStyle(one).backgroundColor); if (c.length === 3 || c[3] === 1) return c; }
    return [255, 255, 255];
  };
  let worst = [99, ''];
  for (const one of document.querySelectorAll('body *')) {
    if (!one.checkVisibility() || ![...one.childNodes].some(child => child.nodeType === 3 && child.data.trim())) continue;
    const [a, b] = [light(channels(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, one.tagName + '.' + one.className + ': ' + one.textContent.slice(0, 40)];
  }
  return worst;
}"""


def expect(holds, what):
    if not holds:
        sys.exit(f"report-page: expected that {what}")


def visible_rows(page):
    return page.locator("#scenarios tbody tr:visible").count()


def by_search_and_filter(page):
    told = page.get_by_role("status").last
    page.get_by_role("searchbox", name="Find").fill(FAILED[0].lower())
    expect(visible_rows(page) == 1, f"a search for {FAILED[0]} leaves one row, not {visible_rows(page)}")
    expect(re.match(rf"1 of {len(FINDINGS)} findings, 1 of {len(VERDICTS)} scenarios", told.inner_text()), f"the count is told: {told.inner_text()}")
    page.get_by_role("searchbox", name="Find").fill("nothing-is-called-so")
    expect(visible_rows(page) == 0, "a search for nothing leaves nothing")
    page.get_by_role("searchbox", name="Find").fill("")
    page.get_by_role("combobox", name="Verdict").select_option("FAIL")
    expect(visible_rows(page) == len(FAILED), f"the filter shows the {len(FAILED)} rows that failed")
    passed = next(name for name, verdict in VERDICTS.items() if verdict == "PASS")
    page.get_by_role("searchbox", name="Find").fill(passed)
    expect(visible_rows(page) == 0, "search and filter work together")
    page.get_by_role("combobox", name="Verdict").select_option("")
    page.get_by_role("searchbox", name="Find").fill("")


# A link to a finding opens it, even when the search hid it.
def by_link(page):
    page.get_by_role("searchbox", name="Find").fill("nothing-is-called-so")
    page.evaluate("name => { location.hash = '#' + name }", FAILED[0])
    finding = page.locator(f'[id="{FAILED[0]}"]')
    finding.wait_for(state="visible")
    expect(finding.get_attribute("open") is not None, f"the link opens {FAILED[0]}")
    for part in ("What it did", "Expected", "Observed", "Why it matters", "Run again", "Evidence"):
        expect(finding.get_by_text(part, exact=True).first.is_visible(), f"{FAILED[0]} tells: {part}")
    for link in finding.get_by_role("link").all():
        target = link.get_attribute("href")
        expect((REPORT.parent / target).is_file(), f"the link to {target} leads somewhere")


def by_keyboard(page, url):
    page.goto(url)
    page.keyboard.press("Tab")
    expect(page.evaluate("document.activeElement.className") == "skip", "the first key leads to the link past the head")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#findings'")
    summary = page.locator(".finding > summary").first
    summary.focus()
    before = page.locator(".finding").first.get_attribute("open")
    page.keyboard.press("Enter")
    expect(page.locator(".finding").first.get_attribute("open") != before, "Enter opens and closes a finding")


def is_readable(page, scheme, width, name):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.screenshot(path=SHOTS / f"{name}.png")
    ratio, where = page.evaluate(CONTRAST)
    expect(ratio >= 4.5, f"text has a contrast of 4.5 in the {scheme} scheme, not {ratio:.2f} ({where})")
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    expect(wide <= 0, f"nothing stands out of a page of {width} pixels, but {wide} do")


def for_a_screen_reader(page):
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(one => Number(one.tagName[1]))")
    expect(levels[0] == 1 and levels.count(1) == 1, "there is one heading of level 1, the first")
    expect(all(b - a <= 1 for a, b in zip(levels, levels[1:])), "no level of headings is left out")
    expect(page.locator("table:not(:has(caption))").count() == 0, "every table has a caption")
    expect(page.locator("thead th:not([scope])").count() == 0, "every heading of a column says so")
    expect(page.evaluate("document.documentElement.lang") == "en", "the language is told")


def on_paper(page):
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("details:not([open])").count() == 0, "all is open on paper")
    expect(not page.locator(".tools").is_visible(), "the search is not on paper")
    expect(len(page.pdf(path=SHOTS / "paper.pdf")) > 10000, "there is something on paper")
    page.emulate_media(media="screen")


def without_scripts(browser, url):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(url)
    expect(page.locator("#scenarios tbody tr:visible").count() == len(VERDICTS), "all is there without scripts")
    expect(not page.locator(".tools").is_visible(), "no search is offered without scripts")


def look(browser, url):
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(url)
    by_search_and_filter(page)
    by_link(page)
    for_a_screen_reader(page)
    for scheme in ("light", "dark"):
        is_readable(page, scheme, 1280, f"desk-{scheme}")
        is_readable(page, scheme, 360, f"phone-{scheme}")
    on_paper(page)
    by_keyboard(page, url)
    expect(not said, f"the page reports no error: {said}")
    expect({one.split("#")[0] for one in asked} == {url}, f"nothing is fetched: {asked}")
    without_scripts(browser, url)


expect(FAILED and len(FINDINGS) < len(VERDICTS), f"the run has failures and passes: {VERDICTS}")
with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
    look(chromium, REPORT.as_uri())
    chromium.close()
print(f"report-page: {len(VERDICTS)} scenarios, {len(FINDINGS)} findings, all as a reader would want it")
