// What ends or interrupts the player from outside: another tab that plays, somebody who logs out, a page that goes away.

import { forgetPlace } from "./continuing.js";
import { forgetListening } from "./listening.js";
import { forgetListener, onAnotherListener } from "./memory.js";
import { flush } from "./outbox.js";

const GOODBYE_MS = 1500; // how long a log-out waits for what is still to be told
const tabs = new BroadcastChannel("timbre:player");

// Told by the tab whose music begins, so that the others stop.
export const claimSound = () => tabs.postMessage("playing");

export function connectLifetime({ onOtherTab, onSilence, onHide, onReturn, save }) {
  function fallSilent() {
    forgetListening();
    forgetPlace();
    onSilence();
  }

  async function logOut(form) {
    const enough = new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    await Promise.race([Promise.allSettled([flush(), save()]), enough]);
    fallSilent();
    forgetListener();
    form.submit();
  }

  tabs.addEventListener("message", onOtherTab);
  onAnotherListener(() => {
    fallSilent();
    location.reload();
  });
  document.addEventListener(
    "submit",
    (event) => {
      if (!new URL(event.target.action, location.href).pathname.endsWith("/logout")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      logOut(event.target);
    },
    { capture: true },
  );
  window.addEventListener("pagehide", onHide);
  document.addEventListener("visibilitychange", () => document.hidden || onReturn());
}
