/* A question saves itself as it is answered; the server's clock counts down.

   Saves of one question go one after the other and the newest wins. What could not be sent stays in
   this browser and is sent when the line is back, also after a reload. Without this script the
   buttons save by plain POST. */

const RETRY_MS = 3000;
const TYPING_MS = 700;

const form = document.querySelector("form[data-quiz]");
const timer = document.querySelector("[data-quiz-left]");
const card = document.querySelector("[data-quiz-card]");

if (card && matchMedia("(width >= 1024px)").matches) card.open = true;
if (form) keepSaved(form);
if (timer) countDown(timer, form?.dataset.quizEnd ?? timer.dataset.quizEnd);

/** Values as the form holds them now. */
function answers() {
  return new FormData(form).getAll("answer").map(String);
}

/** Whether somebody has answered since the page was drawn: on a bad line before this script came. */
function answeredMeanwhile() {
  return [...form.querySelectorAll("[name=answer]")].some((input) =>
    input.type === "text"
      ? input.value !== input.defaultValue
      : input.checked !== input.defaultChecked,
  );
}

function fill(values) {
  const texts = form.querySelectorAll("input[type=text][name=answer]");
  texts.forEach((input, index) => {
    input.value = values[index] ?? "";
  });
  for (const input of form.querySelectorAll("input[type=radio], input[type=checkbox]")) {
    input.checked = values.includes(input.value);
  }
}

function keepSaved() {
  const line = form.querySelector("[data-quiz-saved]");
  const key = form.dataset.quizKey;
  let sending = false;
  let waiting = false;
  let later = 0;

  const say = (text, time = "") => {
    line.textContent = time ? `${text} ${time}` : text;
  };

  /* `saved`: the server's moment of the save, absent while it has not confirmed one. */
  const remember = (values, saved) => {
    try {
      if (values) localStorage.setItem(key, JSON.stringify({ values, saved }));
      else localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing still sends.
    }
  };

  const recall = () => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "null");
    } catch {
      return null;
    }
  };

  const over = () => {
    remember(null);
    say(line.dataset.over);
    location.assign(form.dataset.quizEnd);
  };

  async function save() {
    clearTimeout(later);
    if (sending) {
      waiting = true;
      return;
    }
    sending = true;
    const values = answers();
    remember(values);
    say(line.dataset.saving);
    try {
      const body = new URLSearchParams(values.map((value) => ["answer", value]));
      const reply = await fetch(location.pathname, {
        method: "POST",
        body,
        keepalive: true,
        headers: {
          Accept: "application/json",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
      });
      if (reply.status === 409 || reply.status === 404) {
        over();
        return;
      }
      if (reply.status >= 500) throw new Error(String(reply.status));
      const told = await reply.json();
      if (!reply.ok) {
        // Refused for a reason that trying again does not change: say it. What an expired
        // sign-in kept away stays here and is sent after the next one.
        if (reply.status === 400) remember(null);
        waiting = false;
        say(told.error);
        return;
      }
      if (!waiting) remember(values, told.saved_ms);
      say(line.dataset.saved, told.saved_at);
      mark(told.answered);
    } catch {
      say(line.dataset.failed);
      later = setTimeout(save, RETRY_MS);
    } finally {
      sending = false;
    }
    if (waiting) {
      waiting = false;
      save();
    }
  }

  form.addEventListener("change", save);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "text") return;
    clearTimeout(later);
    remember(answers());
    later = setTimeout(save, TYPING_MS);
  });
  // The plain POST of the buttons carries the answer, so nothing is left to remember.
  form.addEventListener("submit", () => {
    clearTimeout(later);
    remember(null);
  });
  addEventListener("online", () => {
    const kept = recall();
    if (kept && !kept.saved) save();
  });

  // A page may have been drawn just before the last save arrived; what is newer here counts.
  const kept = recall();
  if (answeredMeanwhile()) {
    save();
  } else if (kept && !kept.saved) {
    fill(kept.values);
    save();
  } else if (kept && kept.saved > Number(form.dataset.quizSavedMs)) {
    fill(kept.values);
  } else {
    remember(null);
  }
}

/** Show in the answer card whether this question is answered. */
function mark(answered) {
  const cell = document.querySelector(".answer-card__cell[aria-current]");
  if (!cell) return;
  cell.classList.toggle("answer-card__cell--saved", answered);
  cell.classList.toggle("answer-card__cell--empty", !answered);
  const count = document.querySelector("[data-quiz-answered]");
  if (count) count.textContent = document.querySelectorAll(".answer-card__cell--saved").length;
}

function countDown(element, end) {
  const text = element.querySelector("[data-quiz-left-text]");
  const finish = performance.now() + Number(element.dataset.quizLeft);
  const warnAt = 60;
  const tick = () => {
    const left = Math.max(0, Math.ceil((finish - performance.now()) / 1000));
    const minutes = Math.floor(left / 60);
    text.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
    element.classList.toggle("quiz__left--short", left <= warnAt);
    if (left > 0) {
      setTimeout(tick, 1000);
      return;
    }
    // The server closes the attempt once its grace has passed; then the result is there.
    setTimeout(() => location.assign(end), 5500);
  };
  tick();
}
