"""The page of scorecards in a real browser: it sorts, unfolds, and leads from grades to words."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.ui import WebDriverWait

from qa_nlp.display.formats import shown_words
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.scorecard_html import page_html
from qa_nlp.transcript import Role, Transcript, Turn
from tests import browser as shared
from tests.browser import asked_for, find, find_all, log, press

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.xdist_group("browser")]

started = pytest.fixture(shared.started, scope="module")
browser = pytest.fixture(shared.browser)

AWKWARD = "\n <b>bold</b> &amp; \x00\x1b \u202eback\u202c\r\nمرحبا 🙂\u200d 4471092 "


def card(name: str, total: float | None, status: TotalStatus = TotalStatus.FINAL) -> Scorecard:
    turns = [Turn(Role.AGENT, AWKWARD)]
    for index in range(1, 60):
        turns.append(
            Turn(Role.CUSTOMER if index % 2 else Role.AGENT, f"Line {index}, and a few words.")
        )
    opening = Grade(
        "opening",
        GradeStatus.GRADED,
        "yes",
        {"no": 0.2, "yes": 0.8},
        evidence=(Evidence("phrase.greeting", 1.0, 2, 0, 6),),
    )
    closing = Grade(
        "closing",
        GradeStatus.GRADED,
        "no",
        {"no": 0.7, "yes": 0.3},
        contributions={"phrase.farewell": -1.0},
        evidence=(
            Evidence("phrase.farewell", -1.0, 55, 0, 7),
            Evidence("phrase.thanks", 0.5, 55, 5, 12),
        ),
    )
    transcript = Transcript(name, tuple(turns))
    return Scorecard(
        name,
        name,
        "demo",
        "1",
        total=total,
        total_status=status,
        grades=(opening, closing),
        turn_count=60,
        transcript=transcript,
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    cards = [
        card("call-b", 80.0),
        Scorecard("call-c", "call-c", "demo", "1", error="no turns"),
        card("call-a", 9.5, TotalStatus.PENDING_REVIEW),
    ]
    path: Path = tmp_path_factory.mktemp("page") / "scorecards.html"
    path.write_text(page_html(cards), encoding="utf-8")
    return path.as_uri()


def column(browser: Chrome) -> list[str]:
    return [cell.text for cell in find_all(browser, ".overview tbody th a")]


def unfold(browser: Chrome) -> None:
    find(browser, ".overview tbody a").click()
    WebDriverWait(browser, 5).until(lambda _: find(browser, "#c0g0").is_displayed())


def lit(browser: Chrome, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
    return list(browser.execute_script(script, selector))


def visible(browser: Chrome, selector: str) -> bool:
    """Tell whether an element lies inside the window and inside its own scrolling pane."""
    script = """
        const element = document.querySelector(arguments[0]);
        const box = element.getBoundingClientRect();
        const pane = element.closest(".pane").getBoundingClientRect();
        return box.top >= Math.max(0, pane.top) - 1
            && box.bottom <= Math.min(innerHeight, pane.bottom) + 1;
    """
    return bool(browser.execute_script(script, selector))


def wait_for(browser: Chrome, selector: str) -> None:
    WebDriverWait(browser, 5, poll_frequency=0.05).until(lambda _: visible(browser, selector))


def test_page_sorts_its_overview_when_a_heading_is_pressed(browser: Chrome) -> None:
    press(browser, ".overview thead button", "Total")
    ascending = column(browser)
    press(browser, ".overview thead button", "Total")
    descending = column(browser)
    press(browser, ".overview thead button", "Status")
    by_status = column(browser)
    press(browser, ".overview thead button", "Conversation")
    by_name = column(browser)

    assert ascending == ["call-a", "call-b", "call-c"]
    assert descending == ["call-b", "call-a", "call-c"]
    assert by_status == ["call-c", "call-a", "call-b"]
    assert by_name == ["call-a", "call-b", "call-c"]
    sorted_headings = find_all(browser, "th[aria-sort='ascending']")
    assert [heading.text.split()[0] for heading in sorted_headings] == ["Conversation"]


def test_page_unfolds_a_card_when_its_row_is_followed(browser: Chrome) -> None:
    before = find(browser, "#c2").get_attribute("open")

    find_all(browser, ".overview tbody th a")[2].click()

    assert before is None
    WebDriverWait(browser, 5).until(lambda _: find(browser, "#c2").get_attribute("open") == "true")
    assert find(browser, "#c2t0").is_displayed()


def test_page_unfolds_a_card_when_its_heading_is_clicked(browser: Chrome) -> None:
    find(browser, "#c0 summary").click()

    assert find(browser, "#c0t0").is_displayed()


def test_page_unfolds_and_folds_everything_when_asked(browser: Chrome) -> None:
    find(browser, ".fold").click()
    unfolded = len(find_all(browser, "details.card[open]"))
    find(browser, ".fold").click()

    assert unfolded == 3
    assert not find_all(browser, "details.card[open]")


def test_page_marks_the_evidence_and_scrolls_to_it_when_it_is_clicked(browser: Chrome) -> None:
    unfold(browser)
    was_visible = visible(browser, "#c0t55")

    find(browser, "#c0g1 .ev").click()

    wait_for(browser, "#c0t55 mark")
    assert not was_visible
    assert lit(browser, "mark .on") == ["Line ", "55"]
    assert lit(browser, ".grade.on h5") == ["Closing"]


def test_page_marks_all_evidence_of_a_grade_when_the_pointer_is_on_it(browser: Chrome) -> None:
    unfold(browser)

    ActionChains(browser).move_to_element(find(browser, "#c0g1 h5")).perform()

    wait_for(browser, "#c0t55 mark")
    assert lit(browser, "mark .on") == ["Line ", "55", ", and"]


def test_page_forgets_the_marks_when_the_pointer_leaves(browser: Chrome) -> None:
    unfold(browser)
    ActionChains(browser).move_to_element(find(browser, "#c0g1 h5")).perform()

    ActionChains(browser).move_to_element(find(browser, "#c0 h3")).perform()

    assert lit(browser, ".on") == []


def test_page_leads_back_to_the_grades_when_the_words_are_clicked(browser: Chrome) -> None:
    unfold(browser)
    find(browser, "#c0g1 .ev").click()
    wait_for(browser, "#c0t55 mark")

    find_all(browser, "#c0t55 mark a")[2].click()

    wait_for(browser, "#c0g1 li:nth-child(2) .ev")
    assert lit(browser, ".evidence .on") == ["55, and"]


def test_page_takes_the_focus_along_when_the_keyboard_follows_evidence(browser: Chrome) -> None:
    unfold(browser)
    browser.execute_script("document.querySelector('#c0g1').focus()")
    by_focus = lit(browser, "mark .on")

    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()

    wait_for(browser, "#c0t55 mark")
    assert by_focus == ["Line ", "55", ", and"]
    assert browser.switch_to.active_element.get_property("textContent") == "Line "
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert browser.switch_to.active_element.get_attribute("data-e") == "1.0"
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert lit(browser, ".on") == []


def test_page_shows_the_same_characters_when_the_browser_reads_them(browser: Chrome) -> None:
    shown = find(browser, "#c0t0 .words").get_property("textContent")

    assert shown == shown_words(AWKWARD)


def test_page_unfolds_all_when_it_is_printed(browser: Chrome) -> None:
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    while_printing = len(find_all(browser, "details:not([open])"))
    browser.execute_script("dispatchEvent(new Event('afterprint'))")

    assert while_printing == 0
    assert not find_all(browser, "details[open]")


def test_page_fits_its_width_when_the_screen_is_a_phone(browser: Chrome) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    find(browser, ".fold").click()

    width = browser.execute_script("return document.documentElement.scrollWidth")

    assert width == 390


def test_page_asks_for_nothing_and_complains_of_nothing_when_it_is_used(
    browser: Chrome, page: str
) -> None:
    press(browser, ".overview thead button", "Total")
    find(browser, ".fold").click()
    for link in find_all(browser, ".ev")[:4]:
        browser.execute_script("arguments[0].click()", link)

    assert asked_for(browser) == {page}
    assert log(browser, "browser") == []
