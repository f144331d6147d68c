// Keeps the page current without moving what its reader is at: focus, open details and scroll stay where they are.
"use strict";
(() => {
  const PERIOD = 15000, TYPING = 300;
  const SHARE = 10, LONGEST = 300000;  // a page that is work to show is shown anew less often
  const PATIENCE = 60000;  // for somebody who has selected text; a screen on a wall must not stand still for ever
  const said = document.getElementById("said");
  const form = document.getElementById("filter");
  if (!said) return;
  let latest = 0, timer = 0, paused = 0;

  const address = () => {
    const url = new URL(location.href);
    if (form) {
      const given = [...new FormData(form)].filter(([, value]) => value !== "");
      url.search = new URLSearchParams(given).toString();
    }
    return url;
  };

  const say = (text) => { if (said.textContent !== text) said.textContent = text; };

  const put = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML) return;
    const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const open = new Set([...old.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    const box = old.querySelector(".scroll"), left = box ? box.scrollLeft : 0;
    old.innerHTML = fresh.innerHTML;
    for (const one of old.querySelectorAll("details")) if (open.has(one.dataset.key)) one.open = true;
    const again = old.querySelector(".scroll");
    if (again) again.scrollLeft = left;
    const focused = key && [...old.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
    if (focused) focused.focus({ preventScroll: true });
  };

  const marked = () => {
    const text = getSelection();
    if (!text || text.isCollapsed) return false;
    return [...document.querySelectorAll("[data-live]")].some((one) => text.containsNode(one, true));
  };

  const pause = () => {
    paused = paused || Date.now();
    document.body.classList.add("paused");
    say("This page is paused: text is selected.");
  };

  const resume = () => {
    paused = 0;
    document.body.classList.remove("paused");
  };

  const show = (page) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (fresh) put(old, fresh);
    }
    if (form && !form.contains(document.activeElement)) {
      for (const old of form.querySelectorAll("select")) {
        const fresh = page.getElementById(old.id);
        if (fresh && fresh.innerHTML !== old.innerHTML) old.innerHTML = fresh.innerHTML;
      }
    }
    const news = page.getElementById("said");
    if (news) say(news.textContent);
  };

  const head = (page) => {
    document.title = page.title;
    const icon = document.querySelector("link[rel=icon]"), fresh = page.querySelector("link[rel=icon]");
    if (icon && fresh && icon.href !== fresh.href) icon.href = fresh.href;
  };

  const take = (page, chosen) => {
    head(page);  // what a tab tells waits for no reader
    document.body.classList.remove("stale");
    if (!chosen && marked()) {
      if (!paused || Date.now() - paused < PATIENCE) return pause();
      getSelection().removeAllRanges();
    }
    resume();
    show(page);
  };

  const wrong = (answer, text) => {
    if (answer.status === 404 && text.startsWith("host ")) return "this host has left the inventory";
    return `cs_exporter answers ${answer.status}`;
  };

  const refresh = async (url, chosen = false) => {
    const number = ++latest, began = performance.now();
    let why = "cs_exporter does not answer", next = PERIOD;
    clearTimeout(timer);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(PERIOD) });
      const text = await answer.text();
      if (number !== latest) return;
      if (!answer.ok) {
        why = wrong(answer, text);
        throw new Error(why);
      }
      take(new DOMParser().parseFromString(text, "text/html"), chosen);
      next = Math.min(LONGEST, Math.max(PERIOD, SHARE * (performance.now() - began)));
    } catch {
      if (number !== latest) return;
      document.body.classList.add("stale");
      say(`This page is out of date: ${why}. Trying again.`);
    }
    timer = setTimeout(() => refresh(location.href), next);
  };

  const choose = () => {
    const url = address();
    history.replaceState(null, "", url);
    refresh(url, true);
  };

  if (form) {
    let typing = 0;
    form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(choose, TYPING); });
    form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); choose(); });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer); else refresh(location.href);
  });
  document.addEventListener("selectionchange", () => {
    if (!paused || marked()) return;
    paused = 0;
    refresh(location.href);
  });
  timer = setTimeout(() => refresh(location.href), PERIOD);
})();
