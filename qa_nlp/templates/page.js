(() => {
  "use strict";
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const on = document.getElementsByClassName("on");
  let pinned = null;

  // Evidence and the words in the transcript carry the same keys; a grade stands for all of its own.
  const keysOf = (element) =>
    element.matches(".ev") ? element.dataset.e.split(" ") : all(".ev", element).map((link) => link.dataset.e);

  function light(source) {
    const keys = new Set(source ? keysOf(source) : []);
    for (const element of [...on]) element.classList.remove("on");
    if (!source) return [];
    const card = source.closest(".card");
    const lit = all(".ev", card).filter((link) => link.dataset.e.split(" ").some((key) => keys.has(key)));
    for (const link of lit) {
      link.classList.add("on");
      link.closest(".grade")?.classList.add("on");
    }
    if (source.matches(".grade")) source.classList.add("on");
    const there = source.closest(".said") ? ".grades" : ".said";
    return lit.filter((link) => link.closest(there));
  }

  function unfold(element) {
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  // Hovering moves only the other pane, never the page under the pointer.
  function bring(element, page) {
    const behavior = calm.matches ? "instant" : "smooth";
    const pane = element.closest(".pane");
    const scrolls = pane.scrollHeight > pane.clientHeight + 1;
    if (page) return element.scrollIntoView({ block: scrolls ? "nearest" : "center", behavior });
    if (!scrolls) return;
    const box = element.getBoundingClientRect();
    const outer = pane.getBoundingClientRect();
    const top = Math.max(outer.top, 0);
    const bottom = Math.min(outer.bottom, innerHeight);
    if (box.top < top || box.bottom > bottom) pane.scrollBy({ top: box.top - top - (bottom - top) / 3, behavior });
  }

  const part = (element) => element.closest?.(".ev") ?? element.closest?.(".grade");

  function point(source) {
    const [first] = light(source ?? pinned ?? part(document.activeElement ?? document.body));
    if (first && source && source !== pinned) bring(first, false);
  }

  let place = "";
  document.addEventListener("mouseover", (event) => {
    const here = `${event.screenX} ${event.screenY}`;
    // Where the page moves under a resting pointer, nobody points at anything.
    if (here !== place) point(part(event.target));
    place = here;
  });
  document.addEventListener("focusin", (event) => point(part(event.target)));

  function choose(source, jump) {
    pinned = source;
    const [first] = light(source);
    if (!first) return;
    if (first.closest(".grades")) unfold(first);
    bring(first, true);
    if (jump) first.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const source = part(event.target);
    if (source && !event.target.closest("summary, .signals") && getSelection().isCollapsed) {
      if (link) event.preventDefault();
      // A click made by the keyboard takes the focus along, so that reading goes on there.
      return choose(source, link && event.detail === 0);
    }
    if (pinned) light((pinned = null));
    // The same link followed twice changes no hash.
    if (link && link.hash === location.hash) follow();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") light((pinned = null));
    if (event.key === "Enter" && event.target.matches(".grade")) choose(event.target, true);
  });

  function follow() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    unfold(target);
    (target.closest(".pane") ? target.closest(".card") : target).scrollIntoView();
    if (target.matches(".grade")) bring(target, true);
    target.focus({ preventScroll: true });
  }
  addEventListener("hashchange", follow);
  follow();

  const text = new Intl.Collator(undefined, { numeric: true });
  const valueOf = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();

  function sort(table, column, down) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, value: valueOf(row, column) }));
    rows.sort((a, b) => {
      if (!a.value || !b.value) return !a.value - !b.value;
      const order = isNaN(a.value) || isNaN(b.value) ? text.compare(a.value, b.value) : a.value - b.value;
      return down ? -order : order;
    });
    body.append(...rows.map(({ row }) => row));
  }

  for (const table of all(".overview"))
    [...table.tHead.rows[0].cells].forEach((head, column, heads) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, column, down);
      });
    });

  const cards = all("details.card");
  if (cards.length > 1) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fold";
    button.textContent = "Unfold all";
    button.addEventListener("click", () => {
      const open = button.textContent === "Unfold all";
      for (const card of cards) card.open = open;
      button.textContent = open ? "Fold all" : "Unfold all";
    });
    cards[0].before(button);
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
  });
})();
