"""One headless browser for the tests of pages, and how they look at what it shows.

A test module gives a fixture ``page``, the address to open before each test, and makes fixtures of
`started` (for the module) and of `browser`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement


def started() -> Iterator[list[Chrome]]:
    """Give a place for the one browser of a module, and close what was started there."""
    drivers: list[Chrome] = []
    yield drivers
    for driver in drivers:
        driver.quit()


def browser(page: str, started: list[Chrome], needs_system: Callable[..., str]) -> Chrome:
    """Open the page, with the screen as it was at first and empty logs."""
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
    """Give the addresses that were asked for since this was last read."""
    entries = [json.loads(entry["message"])["message"] for entry in log(browser, "performance")]
    asked = {
        entry["params"]["request"]["url"].partition("#")[0]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
    }
    return {url for url in asked if not url.startswith("data:")}


def find(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def find_all(browser: Chrome, selector: str) -> list[WebElement]:
    return list(browser.find_elements(By.CSS_SELECTOR, selector))


def press(browser: Chrome, selector: str, words: str) -> None:
    """Press the one button that begins with these words."""
    (button,) = (one for one in find_all(browser, selector) if one.text.startswith(words))
    button.click()
