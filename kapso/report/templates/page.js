"use strict";
// The table of attempts and the chart's tooltip. Text from a run goes to the page as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [NUMBER, PARENTS, TITLE, KIND, PROPOSER, SCORE, SECONDS, COST, ENDED, COMMIT, REASON, HYPOTHESIS, FEEDBACK, PARAMETERS, METRICS] =
    Array.from({ length: 15 }, (_, index) => index);
  const STEP = 100;
  const KINDS = { best: "new best", same: "same", worse: "worse", better: "better than its parent", demoted: "did not hold", "timed-out": "timed out" };
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const more = document.getElementById("more");
  const filters = document.getElementById("filters");
  const hasCost = !!table.querySelector('th[data-sort="7"]');
  const columns = table.tHead.rows[0].cells.length;
  const place = new Map(data.rows.map((row, index) => [row[NUMBER], index]));
  let shown = [];
  let drawn = 0;
  let order = { column: NUMBER, isDown: false };

  const number = (value) => (value === null || value === undefined ? "-" : String(Number(value.toPrecision(7))));
  const two = (value) => String(value).padStart(2, "0");
  const kindName = (row) => KINDS[data.kinds[row[KIND]]] || data.kinds[row[KIND]];

  function duration(seconds) {
    if (seconds === null) return "-";
    if (seconds < 60) return seconds < 10 ? seconds.toFixed(2) + "s" : Math.round(seconds) + "s";
    const whole = Math.round(seconds);
    const minutes = Math.floor(whole / 60);
    return minutes < 60 ? minutes + "m" + two(whole % 60) + "s" : Math.floor(minutes / 60) + "h" + two(minutes % 60) + "m";
  }

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  // What stands between backticks is code.
  function ticked(text) {
    return text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? element("code", "", part) : part));
  }

  function kindMark(row) {
    return element("span", "kind", element("i", "dot k-" + data.kinds[row[KIND]]), kindName(row));
  }

  function attemptLink(attempt) {
    const link = element("a", "", "#" + attempt);
    link.href = "#attempt-" + attempt;
    return link;
  }

  // The table

  function tableRow(row) {
    const open = element("button", "open", row[NUMBER] === 0 ? "0" : String(row[NUMBER]));
    open.type = "button";
    open.setAttribute("aria-expanded", "false");
    open.setAttribute("aria-label", "Attempt " + row[NUMBER] + ": details");
    const title = element("td", "", ...ticked(row[TITLE]));
    if (row[REASON]) title.append(element("span", "reason", row[REASON]));
    const made = element(
      "tr",
      row[NUMBER] === data.best ? "is-best" : "",
      element("td", "n", open),
      element("td", "n", number(row[SCORE])),
      element("td", "", kindMark(row)),
      element("td", "wide", data.proposers[row[PROPOSER]]),
      element("td", "n wide", row[PARENTS].join(" ") || "-"),
      element("td", "n wide", duration(row[SECONDS])),
      ...(hasCost ? [element("td", "n wide", number(row[COST]))] : []),
      title,
    );
    made.id = "attempt-" + row[NUMBER];
    open.addEventListener("click", () => toggle(made, row));
    return made;
  }

  function toggle(made, row, isOpen = made.querySelector(".open").getAttribute("aria-expanded") === "false") {
    const button = made.querySelector(".open");
    if ((button.getAttribute("aria-expanded") === "true") === isOpen) return;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) made.after(details(row));
    else made.nextElementSibling.remove();
  }

  function details(row) {
    const list = element("dl", "");
    const say = (name, ...what) => list.append(element("dt", "", name), element("dd", "", ...what));
    const parents = row[PARENTS].flatMap((parent, index) => (index ? [" + ", attemptLink(parent)] : [attemptLink(parent)]));
    say("title", ...ticked(row[TITLE]));
    if (row[HYPOTHESIS]) say("hypothesis", row[HYPOTHESIS]);
    if (row[REASON]) say("reason", row[REASON]);
    if (parents.length) say("made from", ...parents);
    say("by", data.proposers[row[PROPOSER]] + ", evaluated in " + duration(row[SECONDS]) + ", landed " + duration(row[ENDED]) + " after the start" + (row[COST] === null ? "" : ", " + number(row[COST]) + " $"));
    if (row[PARAMETERS]) say("parameters", row[PARAMETERS]);
    data.metrics.forEach((name, index) => row[METRICS][index] === null || say(name, number(row[METRICS][index])));
    if (row[FEEDBACK]) say("feedback", row[FEEDBACK]);
    say("more", element("code", "", "kapso show " + data.run + " " + row[NUMBER]), "   ", element("code", "", "git show " + row[COMMIT]));
    const cell = element("td", "", list);
    cell.colSpan = columns;
    return element("tr", "detail", cell);
  }

  function draw(upTo) {
    const fragment = document.createDocumentFragment();
    for (; drawn < Math.min(upTo, shown.length); drawn++) fragment.append(tableRow(shown[drawn]));
    body.append(fragment);
    more.hidden = drawn >= shown.length;
    more.textContent = "Show " + Math.min(STEP, shown.length - drawn) + " more (" + (shown.length - drawn) + " left)";
  }

  function key(row) {
    const value = row[order.column];
    if (order.column === KIND) return kindName(row);
    if (order.column === PROPOSER) return data.proposers[value];
    return order.column === PARENTS ? (value.length ? value[0] : null) : value;
  }

  function compare(a, b) {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return x === y ? a[NUMBER] - b[NUMBER] : x === null ? 1 : -1; // unknown comes last
    const sign = x < y ? -1 : x > y ? 1 : 0;
    return (order.isDown ? -sign : sign) || a[NUMBER] - b[NUMBER];
  }

  function matches(row, words, kind, proposer) {
    if (kind && data.kinds[row[KIND]] !== kind) return false;
    if (proposer && data.proposers[row[PROPOSER]] !== proposer) return false;
    return words.every((word) => {
      const from = /^from:(\d+)$/.exec(word);
      if (from) return row[PARENTS].includes(Number(from[1]));
      return [String(row[NUMBER]), row[TITLE], row[REASON], row[HYPOTHESIS], row[PARAMETERS]].some((text) => text.toLowerCase().includes(word));
    });
  }

  function refresh() {
    const words = filters.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [kind, proposer] = [filters.elements.kind.value, filters.elements.proposer.value];
    shown = data.rows.filter((row) => matches(row, words, kind, proposer)).sort(compare);
    filters.elements.count.value = shown.length + " of " + data.rows.length;
    body.textContent = "";
    drawn = 0;
    draw(STEP / 2);
  }

  function sortBy(header) {
    const column = Number(header.dataset.sort);
    const isFirstDown = column === SCORE && data.maximize;
    order = { column, isDown: order.column === column ? !order.isDown : isFirstDown };
    markOrder();
    refresh();
  }

  function markOrder() {
    for (const header of table.tHead.rows[0].cells) {
      if (Number(header.dataset.sort) === order.column) header.setAttribute("aria-sort", order.isDown ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
  }

  function filter(text) {
    filters.reset();
    filters.elements.text.value = text;
    refresh();
  }

  function reveal(attempt) {
    const index = place.get(attempt);
    if (index === undefined) return;
    let at = shown.indexOf(data.rows[index]);
    if (at < 0) {
      filter("");
      at = shown.indexOf(data.rows[index]);
    }
    if (at >= drawn) draw(at + STEP / 2);
    const made = document.getElementById("attempt-" + attempt);
    for (const hit of body.querySelectorAll(".hit")) hit.classList.remove("hit");
    made.classList.add("hit");
    toggle(made, data.rows[index], true);
    made.scrollIntoView({ block: "center" });
    made.querySelector(".open").focus({ preventScroll: true });
  }

  function revealHash() {
    const match = /^#attempt-(\d+)$/.exec(location.hash);
    if (match) reveal(Number(match[1]));
  }

  function options(select, values) {
    for (const [value, text] of values) {
      const option = element("option", "", text);
      option.value = value;
      select.append(option);
    }
  }

  options(filters.elements.kind, data.kinds.map((kind) => [kind, KINDS[kind] || kind]));
  options(filters.elements.proposer, data.proposers.map((name) => [name, name]));
  filters.hidden = false;
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("input", refresh);
  more.addEventListener("click", () => draw(drawn + STEP));
  for (const header of table.tHead.rows[0].cells) {
    const button = element("button", "", ...header.childNodes);
    button.type = "button";
    button.addEventListener("click", () => sortBy(header));
    header.append(button);
  }
  for (const button of document.querySelectorAll("[data-from]")) {
    button.addEventListener("click", () => {
      filter("from:" + button.dataset.from);
      document.getElementById("attempts").scrollIntoView();
    });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#attempt-"]');
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    revealHash();
  });
  addEventListener("hashchange", revealHash);
  markOrder();
  refresh();
  revealHash();

  // The chart

  const chart = document.querySelector("[data-chart]");
  if (!chart || !data.chart) return;
  const tip = chart.querySelector(".tip");

  function nearest(canvas, view, event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [found, least] = [-1, 40 * 40];
    data.chart.y.forEach((down, index) => {
      const across = (data.chart.x[view][index] / 1000) * box.width - x;
      const away = (down / 1000) * box.height - y;
      const distance = across * across + away * away;
      if (distance < least) [found, least] = [index, distance];
    });
    return found;
  }

  function point(canvas, view, event) {
    const index = nearest(canvas, view, event);
    const cross = canvas.querySelector(".cross");
    cross.hidden = tip.hidden = index < 0;
    if (index < 0) return;
    const row = data.rows[index];
    cross.style.left = data.chart.x[view][index] / 10 + "%";
    cross.style.top = data.chart.y[index] / 10 + "%";
    tip.textContent = "";
    const name = row[NUMBER] === 0 ? "baseline" : "#" + row[NUMBER] + " " + data.proposers[row[PROPOSER]];
    tip.append(element("b", "", name + " · " + (row[SCORE] === null ? kindName(row) : number(row[SCORE]))), row[SCORE] === null ? row[REASON] || row[TITLE] : row[TITLE]);
    const [inner, outer] = [canvas.getBoundingClientRect(), chart.getBoundingClientRect()];
    const left = inner.left - outer.left + (data.chart.x[view][index] / 1000) * inner.width;
    const half = tip.offsetWidth / 2;
    tip.style.left = Math.min(Math.max(left, half), outer.width - half) + "px";
    tip.style.top = inner.top - outer.top + (data.chart.y[index] / 1000) * inner.height + "px";
  }

  for (const plot of chart.querySelectorAll(".plot")) {
    const [canvas, view] = [plot.querySelector(".canvas"), Number(plot.dataset.view)];
    canvas.addEventListener("pointermove", (event) => point(canvas, view, event));
    canvas.addEventListener("pointerleave", () => (canvas.querySelector(".cross").hidden = tip.hidden = true));
    canvas.addEventListener("click", (event) => {
      const index = nearest(canvas, view, event);
      if (index >= 0 && event.pointerType !== "touch") reveal(data.rows[index][NUMBER]);
    });
  }
})();
