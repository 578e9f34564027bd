// What one does with the order of the queue as a whole, and what is said of it.

import { announce } from "./player_view.js";
import * as queues from "./queue.js";

export function makeQueueActs(readQueue, setQueue) {
  return {
    shuffle() {
      setQueue(queues.isShuffled(readQueue()) ? queues.unshuffle(readQueue()) : queues.shuffle(readQueue()));
      announce(queues.isShuffled(readQueue()) ? "Shuffled." : "In order again.");
    },
    repeat() {
      const next = queues.turnRepeat(readQueue());
      setQueue(next);
      announce({ off: "Repeat off.", all: "All songs repeat.", one: "This song repeats." }[next.repeat]);
    },
    clear() {
      setQueue(queues.clearOthers(readQueue()));
      announce("The queue is empty.");
      document.getElementById("queue-title").focus();
    },
  };
}
