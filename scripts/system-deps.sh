#!/usr/bin/env bash
# The programs that only a system package manager brings: a headless browser, for the tests that
# look at the HTML pages, and Java, for those that run Spark. As root on a Debian-like system the
# missing ones are installed; elsewhere they are named, and the tests that need them are skipped
# with that reason.
set -euo pipefail

missing=()
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
command -v java >/dev/null || missing+=(default-jre-headless)

if ((${#missing[@]} == 0)); then
  exit 0
fi
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo "Installing with apt-get: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}"; then
    exit 0
  fi
fi
echo "Missing system packages: ${missing[*]} (on Debian or Ubuntu: sudo apt-get install ${missing[*]})."
echo "The tests that need them will be skipped, or fail when CI=true."
