(() => {
  "use strict";
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const one = (query, root = document) => root.querySelector(query);
  const table = one(".criteria");
  const bodies = () => [...table.tBodies];

  function open(body, wanted) {
    one(".open", body).setAttribute("aria-expanded", String(wanted));
    one(".detail", body).hidden = !wanted;
  }
  const isOpen = (body) => !one(".detail", body).hidden;

  for (const body of bodies()) {
    open(body, false);
    one(".open", body).addEventListener("click", () => {
      open(body, !isOpen(body));
      nameFold();
    });
  }

  const fold = one(".fold");
  const shown = () => bodies().filter((body) => !body.hidden);
  const allOpen = () => shown().length > 0 && shown().every(isOpen);
  const nameFold = () => (fold.textContent = allOpen() ? "Fold all" : "Unfold all");
  fold.addEventListener("click", () => {
    const wanted = !allOpen();
    for (const body of shown()) open(body, wanted);
    nameFold();
  });

  const find = one(".find input");
  const chips = all(".chips button");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

  function filter() {
    const words = plain(find.value.trim());
    const verdict = one(".chips [aria-pressed='true']").dataset.verdict;
    for (const body of bodies()) {
      const fits = !verdict || body.dataset.verdict === verdict;
      body.hidden = !(fits && plain(one(".row th", body).textContent).includes(words));
    }
    one("#shown").textContent = `${shown().length} of ${bodies().length} shown`;
    nameFold();
  }
  find.addEventListener("input", filter);
  for (const chip of chips)
    chip.addEventListener("click", () => {
      for (const other of chips) other.setAttribute("aria-pressed", String(other === chip));
      filter();
    });
  one(".controls").hidden = false;
  filter();

  const text = new Intl.Collator(undefined, { numeric: true });
  const valueOf = (body, column) => one(".row", body).cells[column].dataset.v;

  function sort(column, down) {
    const rows = bodies().map((body) => ({ body, value: valueOf(body, column) }));
    rows.sort((a, b) => {
      if (!a.value || !b.value) return !a.value - !b.value;
      const order = isNaN(a.value) || isNaN(b.value) ? text.compare(a.value, b.value) : a.value - b.value;
      return down ? -order : order;
    });
    table.append(...rows.map(({ body }) => body));
  }

  [...table.tHead.rows[0].cells].forEach((head, column, heads) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(column, down);
    });
  });

  function showAll() {
    find.value = "";
    chips[0].click();
  }

  function follow() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const body = target.closest("tbody");
    if (body && body.parentElement === table) {
      if (body.hidden) showAll();
      open(body, true);
      nameFold();
    }
    target.scrollIntoView();
  }
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    // The same link followed twice changes no hash.
    if (link && link.hash === location.hash) follow();
  });
  follow();

  // Paper cannot be unfolded: rows are unfolded by the style sheet, the rest here.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of folded) each.open = false;
  });
})();
