"""The report of an agreement study in a real browser: it sorts, filters, unfolds and prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from qa_nlp.agreement.report import report_html
from qa_nlp.display.formats import spoken
from tests.agreement.study_example import hostile, study

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.xdist_group("browser")]

PAPER = 718  # A4 within the margins that browsers leave, in CSS pixels
INJECTIONS = {
    "script tag": "<script>alert(1)</script>",
    "script end": "</script><script>alert(1)</script>",
    "event handler": "<img src=x onerror=alert(1)>",
    "svg onload": "</title></desc></svg><svg/onload=alert(1)>",
    "javascript link": "<a href='javascript:alert(1)' id=main>here</a>",
    "style end": "</style><style>*{background:url(http://x.test/a)}</style>",
    "template braces": "{{ 7 * 7 }}{% raw %}${alert(1)}",
    "closing comment": "--><!-- --!><iframe srcdoc='<script>alert(1)</script>'>",
    "quotes": "\"' autofocus onfocus=\"alert(1)\" style='background:url(http://x.test)'",
    "null and direction": "\x00\u202e<scr\x00ipt>alert(1)</script>\u2066\ud800",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("report"), study())


def written(folder: Path, found: dict[str, Any]) -> str:
    path = folder / "agreement.html"
    path.write_text(report_html(found), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def started() -> Iterator[list[Chrome]]:
    """Give a place for the one browser of this module, and close what was started there."""
    drivers: list[Chrome] = []
    yield drivers
    for driver in drivers:
        driver.quit()


@pytest.fixture
def browser(page: str, started: list[Chrome], needs_system: Callable[..., str]) -> Chrome:
    if not started:
        started.append(
            start(needs_system("chromium", "google-chrome"), needs_system("chromedriver"))
        )
    driver = started[0]
    driver.get("about:blank")
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    for kind in ("browser", "performance"):
        log(driver, kind)  # reading it empties it
    driver.get(page)
    return driver


def start(chromium: str, chromedriver: str) -> Chrome:
    options = ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--force-prefers-reduced-motion",
        "--window-size=1280,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=ChromeService(chromedriver))


def log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    return list(browser.get_log(kind))  # type: ignore[no-untyped-call]


def asked_for(browser: Chrome) -> set[str]:
    entries = [json.loads(entry["message"])["message"] for entry in log(browser, "performance")]
    asked = {
        entry["params"]["request"]["url"].partition("#")[0]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
    }
    return {url for url in asked if not url.startswith("data:")}


def find(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def shown(browser: Chrome) -> list[str]:
    buttons = browser.find_elements(By.CSS_SELECTOR, ".criteria tbody:not([hidden]) .open")
    return [button.text for button in buttons]


def press(browser: Chrome, selector: str, words: str) -> None:
    for button in browser.find_elements(By.CSS_SELECTOR, selector):
        if button.text.startswith(words):
            button.click()


def test_report_sorts_its_criteria_when_a_heading_is_pressed(browser: Chrome) -> None:
    names = [spoken(each["criterion"]) for each in study()["criteria"]]
    kappas = {
        spoken(each["criterion"]): each["machine_human"]["quadratic_kappa"]["value"]
        for each in study()["criteria"]
    }
    before = shown(browser)
    press(browser, ".criteria > thead button", "Machine and people")
    by_kappa = shown(browser)
    press(browser, ".criteria > thead button", "Machine and people")
    by_kappa_down = shown(browser)
    press(browser, ".criteria > thead button", "Criterion")

    assert before == names
    assert by_kappa == sorted(names, key=lambda name: kappas[name])
    assert by_kappa_down == by_kappa[::-1]
    assert shown(browser) == sorted(names)
    sorted_heads = browser.find_elements(By.CSS_SELECTOR, "th[aria-sort='ascending']")
    assert [head.text.split()[0] for head in sorted_heads] == ["Criterion"]


def test_report_puts_undefined_figures_last_when_it_sorts(browser: Chrome) -> None:
    press(browser, ".criteria > thead button", "Two people")
    ascending = shown(browser)
    press(browser, ".criteria > thead button", "Two people")

    assert ascending[-1] == shown(browser)[-1] == "Farewell"


def test_report_shows_the_criteria_of_one_verdict_when_it_is_chosen(browser: Chrome) -> None:
    press(browser, ".chips button", "Fix the criterion")

    assert shown(browser) == ["Empathy"]
    assert find(browser, "#shown").text == "1 of 12 shown"
    pressed = browser.find_elements(By.CSS_SELECTOR, ".chips [aria-pressed='true']")
    assert [chip.text for chip in pressed] == ["Fix the criterion 1"]


def test_report_shows_the_criteria_that_hold_the_words_when_they_are_typed(
    browser: Chrome,
) -> None:
    find(browser, ".find input").send_keys("closing")
    by_section = shown(browser)
    find(browser, ".find input").send_keys(Keys.CONTROL, "a")
    find(browser, ".find input").send_keys("nothing like it")

    assert by_section == ["Summary", "Farewell"]
    assert shown(browser) == []
    assert find(browser, "#shown").text == "0 of 12 shown"


def test_report_unfolds_a_row_when_the_keyboard_presses_it(browser: Chrome) -> None:
    button = find(browser, "#criterion4 .open")
    folded = find(browser, "#criterion4-more").is_displayed()

    button.send_keys(Keys.ENTER)

    assert not folded
    assert find(browser, "#criterion4-more").is_displayed()
    assert button.get_attribute("aria-expanded") == "true"
    button.send_keys(Keys.SPACE)
    assert not find(browser, "#criterion4-more").is_displayed()


def test_report_unfolds_a_row_when_a_link_leads_there(browser: Chrome) -> None:
    browser.find_elements(By.CSS_SELECTOR, ".lists a")[0].click()

    assert find(browser, "#criterion4-more").is_displayed()


def test_report_unfolds_and_folds_all_rows_when_asked(browser: Chrome) -> None:
    find(browser, ".fold").click()
    unfolded = len(browser.find_elements(By.CSS_SELECTOR, ".detail:not([hidden])"))
    words = find(browser, ".fold").text
    find(browser, ".fold").click()

    assert (unfolded, words) == (12, "Fold all")
    assert not browser.find_elements(By.CSS_SELECTOR, ".detail:not([hidden])")


def test_report_shows_its_four_answers_when_a_desktop_opens_it(browser: Chrome) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    bottoms = [
        each.rect["y"] + each.rect["height"]
        for each in browser.find_elements(By.CSS_SELECTOR, ".answer")
    ]

    assert len(bottoms) == 4
    assert max(bottoms) <= 900


@pytest.mark.parametrize("width", [360, 390, 768, 1024])
def test_report_fits_its_width_when_the_screen_is_narrow(browser: Chrome, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    find(browser, ".fold").click()
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert browser.execute_script("return document.documentElement.scrollWidth") == width


def test_report_prints_all_of_its_rows_and_none_of_its_controls(browser: Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")

    details = browser.find_elements(By.CSS_SELECTOR, ".detail")
    printed = [detail.is_displayed() for detail in details]
    folded = len(browser.find_elements(By.CSS_SELECTOR, "details:not([open])"))

    assert printed == [True] * 12
    assert folded == 0
    assert not find(browser, ".controls").is_displayed()
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": PAPER, "height": 1000, "deviceScaleFactor": 1, "mobile": False},
    )
    root = find(browser, "html")
    assert root.get_property("scrollWidth") == root.get_property("clientWidth")
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not browser.find_elements(By.CSS_SELECTOR, "details[open]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_draws_in_the_colours_of_the_page(browser: Chrome, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    script = """
        const label = document.querySelector(".answer svg text[fill]");
        return [getComputedStyle(label).fill, getComputedStyle(document.body).backgroundColor];
    """

    label, ground = browser.execute_script(script)

    assert brightness(ground) > 200 if scheme == "light" else brightness(ground) < 50
    assert abs(brightness(label) - brightness(ground)) > 90


def brightness(colour: str) -> float:
    numbers = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(numbers) / 3


def test_report_names_its_drawings_to_those_who_do_not_see_them(browser: Chrome) -> None:
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    images = [
        node["name"]["value"]
        for node in tree["nodes"]
        if node.get("role", {}).get("value") in ("image", "img") and not node["ignored"]
    ]

    assert len(images) == 4 + 1
    assert all(images)


def test_report_asks_for_nothing_and_complains_of_nothing_when_it_is_used(
    browser: Chrome, page: str
) -> None:
    press(browser, ".criteria > thead button", "Verdict")
    find(browser, ".fold").click()
    find(browser, ".find input").send_keys("a")

    assert asked_for(browser) == {page}
    assert log(browser, "browser") == []


@pytest.mark.parametrize("words", INJECTIONS.values(), ids=INJECTIONS)
def test_report_runs_nothing_when_the_data_is_hostile(
    browser: Chrome, tmp_path: Path, words: str
) -> None:
    address = written(tmp_path, hostile(words))
    asked_for(browser)

    browser.get(address)
    find(browser, ".fold").click()
    find(browser, ".find input").send_keys("a")

    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text
    assert asked_for(browser) == {address}
    assert log(browser, "browser") == []
    assert browser.execute_script("return document.scripts.length") == 1
    assert not browser.find_elements(By.CSS_SELECTOR, "iframe, img, object, embed, base")
