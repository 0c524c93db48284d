"use strict";
(() => {
  // Paper cannot be opened: what is folded is printed open and folded again, but for the tables that charts show already.
  const opened = [];
  addEventListener("beforeprint", () => {
    opened.push(...document.querySelectorAll("details:not([open]):not(figure details)"));
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened.splice(0)) details.open = false;
  });
})();
(() => {
  const STEP = 100;
  const table = document.getElementById("problem-list");
  if (!table) return;
  const [search, query, status, found, more] =
    ["search", "query", "status", "found", "more"].map((id) => document.getElementById(id));
  const body = table.tBodies[0];
  // Rows that are not shown are out of the document: what is left is quick to lay out, however many there are.
  const rows = Array.from(body.rows, (row) => ({
    row,
    status: row.cells[0].textContent,
    text: row.textContent.toLowerCase(),
  }));
  const number = new Intl.NumberFormat("en");
  let matching = rows;
  let most = STEP;
  const show = () => {
    body.replaceChildren(...matching.slice(0, most).map((entry) => entry.row));
    const shown = Math.min(most, matching.length);
    found.textContent = `${number.format(matching.length)} of ${number.format(rows.length)} match` +
      (shown < matching.length ? `; the first ${number.format(shown)} are shown` : "");
    more.hidden = shown === matching.length;
  };
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = rows.filter((entry) =>
      (!status.value || entry.status === status.value) && words.every((word) => entry.text.includes(word)));
    most = STEP;
    show();
  };
  query.addEventListener("input", filter);
  status.addEventListener("change", filter);
  search.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    const first = matching[most];
    most += STEP * 5;
    show();
    first.row.tabIndex = -1;
    first.row.focus();
  });
  search.hidden = false;
  show();
})();
