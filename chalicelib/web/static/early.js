// What is pressed before the modules have come: the last button, pressed again as soon as they are there. Links and forms need no script.
// The one script that is no module, since it has to run before them.
{
  let pressed = null;
  const note = (event) => (pressed = event.target.closest('button[type="button"]'));
  const pressAgain = () => {
    document.removeEventListener("click", note, true);
    pressed?.click();
  };
  document.addEventListener("click", note, true);
  document.addEventListener("timbre:ready", pressAgain, { once: true });
}
