// Keeps the page current without moving what its reader is at: focus, open details and scroll stay where they are.
"use strict";
(() => {
  const PERIOD = 15000, TYPING = 300;
  const said = document.getElementById("said");
  const form = document.getElementById("filter");
  if (!said) return;
  let latest = 0, timer = 0;

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
    const marked = getSelection();
    if (marked && !marked.isCollapsed && old.contains(marked.anchorNode)) return;  // somebody is about to copy
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
    document.title = page.title;
    const icon = document.querySelector("link[rel=icon]"), fresh = page.querySelector("link[rel=icon]");
    if (icon && fresh && icon.href !== fresh.href) icon.href = fresh.href;
    const news = page.getElementById("said");
    if (news) say(news.textContent);
  };

  const refresh = async (url) => {
    const number = ++latest;
    clearTimeout(timer);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(PERIOD) });
      const text = await answer.text();
      if (number !== latest) return;
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show(new DOMParser().parseFromString(text, "text/html"));
      document.body.classList.remove("stale");
    } catch {
      if (number !== latest) return;
      document.body.classList.add("stale");
      say("This page is out of date: cs_exporter does not answer. Trying again.");
    }
    timer = setTimeout(() => refresh(location.href), PERIOD);
  };

  const choose = () => {
    const url = address();
    history.replaceState(null, "", url);
    refresh(url);
  };

  if (form) {
    let typing = 0;
    form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(choose, TYPING); });
    form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); choose(); });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer); else refresh(location.href);
  });
  timer = setTimeout(() => refresh(location.href), PERIOD);
})();
