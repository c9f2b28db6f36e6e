"""The report of an agreement study in a real browser: it sorts, filters, unfolds and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver import Chrome, Keys

from qa_nlp.agreement.report import report_html
from qa_nlp.display.formats import spoken
from tests import browser as shared
from tests.agreement.study_example import hostile, study
from tests.browser import asked_for, find, find_all, log, press

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.xdist_group("browser")]

started = pytest.fixture(shared.started, scope="module")
browser = pytest.fixture(shared.browser)

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


def shown(browser: Chrome) -> list[str]:
    buttons = find_all(browser, ".criteria tbody:not([hidden]) .open")
    return [button.text for button in buttons]


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
    sorted_heads = find_all(browser, "th[aria-sort='ascending']")
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
    pressed = find_all(browser, ".chips [aria-pressed='true']")
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
    find_all(browser, ".lists a")[0].click()

    assert find(browser, "#criterion4-more").is_displayed()


def test_report_unfolds_a_row_again_when_the_same_link_is_followed_twice(browser: Chrome) -> None:
    link = find(browser, ".lists a[href='#criterion4']")
    link.click()
    find(browser, "#criterion4 .open").click()
    folded = find(browser, "#criterion4-more").is_displayed()

    link.click()

    assert not folded
    assert find(browser, "#criterion4-more").is_displayed()


def test_report_shows_a_row_that_a_filter_hides_when_a_link_leads_there(browser: Chrome) -> None:
    find(browser, ".find input").send_keys("nothing like it")

    find(browser, ".lists a[href='#criterion4']").click()

    assert find(browser, "#criterion4-more").is_displayed()
    assert len(shown(browser)) == 12
    assert find(browser, ".find input").get_property("value") == ""


def test_report_names_the_button_by_what_it_does_when_a_link_unfolds_the_last_row(
    browser: Chrome,
) -> None:
    press(browser, ".chips button", "Fix the criterion")

    find(browser, ".lists a[href='#criterion4']").click()

    assert find(browser, ".fold").text == "Fold all"


def test_report_works_when_its_address_ends_in_a_broken_sign(browser: Chrome, page: str) -> None:
    browser.get("about:blank")

    browser.get(f"{page}#%")
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")

    assert log(browser, "browser") == []
    assert not find_all(browser, "details:not([open])")


def test_report_unfolds_and_folds_all_rows_when_asked(browser: Chrome) -> None:
    find(browser, ".fold").click()
    unfolded = len(find_all(browser, ".detail:not([hidden])"))
    words = find(browser, ".fold").text
    find(browser, ".fold").click()

    assert (unfolded, words) == (12, "Fold all")
    assert not find_all(browser, ".detail:not([hidden])")


def test_report_shows_its_four_answers_when_a_desktop_opens_it(browser: Chrome) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    bottoms = [each.rect["y"] + each.rect["height"] for each in find_all(browser, ".answer")]

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

    details = find_all(browser, ".detail")
    printed = [detail.is_displayed() for detail in details]
    folded = len(find_all(browser, "details:not([open])"))

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
    assert not find_all(browser, "details[open]")


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
    assert not find_all(browser, "iframe, img, object, embed, base")
