"""The web vitals of a page as Chromium measures them: LCP, CLS (largest session window, as web-vitals counts it) and INP (the slowest
interaction: with the few of a test that is what the 98th percentile comes to). The probe must be in place before the page is opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

LCP_MS, INP_MS, CLS = 1000, 200, 0.1

_PROBE = """
window.vitals = { lcp: 0, cls: 0, inp: 0, slowest: "", shifts: [] };
let run = { start: 0, last: 0, sum: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) vitals.lcp = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const isNew = entry.startTime - run.last > 1000 || entry.startTime - run.start > 5000;
    run = isNew ? { start: entry.startTime, last: entry.startTime, sum: entry.value }
      : { ...run, last: entry.startTime, sum: run.sum + entry.value };
    vitals.cls = Math.max(vitals.cls, run.sum);
    vitals.shifts.push(...entry.sources.map((source) => source.node?.className || source.node?.nodeName));
  }
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (!entry.interactionId || entry.duration <= vitals.inp) continue;
    vitals.inp = entry.duration;
    vitals.slowest = `${entry.name} on ${entry.target?.className || entry.target?.nodeName}`;
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Vitals:
    lcp_ms: float
    cls: float
    inp_ms: float
    slowest: str  # the interaction behind `inp_ms`
    shifted: tuple[str, ...]  # what moved


def install_probe(context: BrowserContext) -> None:
    context.add_init_script(_PROBE)


def read_vitals(page: Page) -> Vitals:
    """After two more frames, so that what was painted last is in it."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))")
    found = page.evaluate("() => window.vitals")
    return Vitals(
        lcp_ms=round(found["lcp"], 1),
        cls=round(found["cls"], 4),
        inp_ms=found["inp"],
        slowest=found["slowest"],
        shifted=tuple(dict.fromkeys(map(str, found["shifts"]))),
    )
