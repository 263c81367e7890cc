/*
 * Resumable upload (tus 1.0) of one file: begin, send in pieces, go on where it stopped.
 *
 * <form data-upload="/uploads/" data-max-bytes="…" data-video="(id to replace)">
 * What has begun is remembered in this browser by the file's name, size and date, so choosing the
 * same file again after a crash or a reload continues instead of starting over.
 */

const CHUNK = 4 * 1024 * 1024;
const WAITS = [1, 2, 4, 8, 15, 30]; // seconds between tries on a broken line
const VERSION = { "Tus-Resumable": "1.0.0" };

class Refused extends Error {}
class Paused extends Error {}

const encode = (text) => {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
};

const size = (bytes) =>
  bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MB` : `${(bytes / 1024 ** 3).toFixed(2)} GB`;

function left(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `约剩 ${Math.max(1, Math.round(seconds))} 秒`;
  return `约剩 ${Math.round(seconds / 60)} 分`;
}

class Upload {
  constructor(form) {
    this.form = form;
    this.endpoint = form.dataset.upload;
    this.input = form.querySelector("input[type=file]");
    this.bar = form.querySelector("progress");
    this.text = form.querySelector("[data-text]");
    this.error = form.querySelector("[data-error]");
    this.panel = form.querySelector("[data-panel]");
    this.submit = form.querySelector("button[type=submit]");
    this.pause = form.querySelector("[data-pause]");
    this.cancel = form.querySelector("[data-cancel]");
    this.request = null;
    this.paused = false;
    this.running = false;
    this.location = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    this.input.addEventListener("change", () => this.#chosen());
    this.pause.addEventListener("click", () => (this.paused ? this.#resume() : this.#hold()));
    this.cancel.addEventListener("click", () => this.#forget());
    addEventListener("beforeunload", (event) => {
      if (this.running) event.preventDefault();
    });
  }

  get file() {
    return this.input.files[0];
  }

  get key() {
    const { name, size: bytes, lastModified } = this.file;
    return `upload:${this.form.dataset.video || ""}:${name}:${bytes}:${lastModified}`;
  }

  #chosen() {
    this.#say("");
    if (!this.file) return;
    const title = this.form.elements.title;
    if (title && !title.value) title.value = this.file.name.replace(/\.[^.]+$/, "");
    const limit = Number(this.form.dataset.maxBytes);
    if (this.file.size === 0) this.#refuse("文件是空的（0 字节），请检查后重新选择。");
    else if (this.file.size > limit) this.#refuse(`文件超过 ${size(limit)} 的上限。`);
    else this.#refuse("");
    this.submit.disabled = this.error.textContent !== "";
    const known = localStorage.getItem(this.key) !== null;
    this.submit.textContent = known ? "继续上传" : "开始上传";
  }

  #refuse(message) {
    this.error.textContent = message;
    this.error.hidden = !message;
  }

  #say(message) {
    this.text.textContent = message;
  }

  #hold() {
    this.paused = true;
    this.request?.abort();
    this.pause.textContent = "继续";
    this.#say(`${this.text.textContent.split(" · ")[0]} · 已暂停`);
  }

  #resume() {
    this.paused = false;
    this.pause.textContent = "暂停";
    this.run();
  }

  async #forget() {
    this.paused = true;
    this.request?.abort();
    const location = this.location || (this.file && localStorage.getItem(this.key));
    if (this.file) localStorage.removeItem(this.key);
    if (location) await this.#send("DELETE", location).catch(() => {});
    this.running = false;
    globalThis.location.reload();
  }

  async run() {
    if (!this.file || this.running) return;
    this.#refuse("");
    this.running = true;
    this.panel.hidden = false;
    this.submit.hidden = true;
    this.input.disabled = true;
    try {
      await this.#persist();
    } catch (error) {
      if (error instanceof Paused) {
        this.running = false;
        return;
      }
      this.running = false;
      localStorage.removeItem(this.key);
      this.#refuse(error.message);
      this.panel.hidden = true;
      this.submit.hidden = false;
      this.submit.textContent = "开始上传";
      this.input.disabled = false;
    }
  }

  /** Try until it is done, refused or paused; a broken line only costs time. */
  async #persist() {
    for (let tries = 0; ; ) {
      const before = this.sent;
      try {
        return await this.#attempt();
      } catch (error) {
        if (error instanceof Refused || error instanceof Paused) throw error;
        if (this.paused) throw new Paused();
        await this.#stillThere();
        tries = this.sent > (before ?? 0) ? 0 : tries + 1;
        const wait = WAITS[Math.min(tries, WAITS.length - 1)];
        this.#say(`网络中断,${wait} 秒后继续 · 已上传 ${size(this.sent ?? 0)}`);
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        if (this.paused) throw new Paused();
      }
    }
  }

  /** A file that was moved or changed meanwhile looks like a broken line; tell them apart. */
  async #stillThere() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      throw new Refused("文件已被移动或修改，请重新选择。");
    }
  }

  async #attempt() {
    this.sent = await this.#where();
    this.began = performance.now();
    this.beganAt = this.sent;
    for (;;) {
      const answer = await this.#piece();
      this.sent = Number(answer.getResponseHeader("Upload-Offset"));
      this.#draw(this.sent);
      const target = answer.getResponseHeader("X-Video-Url");
      if (target) return this.#done(target);
    }
  }

  /** Offset of an upload that is known, else of a new one. */
  async #where() {
    const known = localStorage.getItem(this.key);
    if (known) {
      const answer = await this.#send("HEAD", known);
      if (answer.status === 200) {
        this.location = known;
        return Number(answer.getResponseHeader("Upload-Offset"));
      }
      localStorage.removeItem(this.key);
    }
    return this.#begin();
  }

  async #begin() {
    const fields = this.form.elements;
    const declared = [...this.form.querySelectorAll("[data-declare]")].every((box) => box.checked);
    const meta = {
      filename: this.file.name,
      title: fields.title?.value ?? "",
      collection: fields.collection?.value ?? "",
      video: this.form.dataset.video ?? "",
      declared: declared ? "1" : "0",
    };
    const header = Object.entries(meta)
      .filter(([, value]) => value)
      .map(([name, value]) => `${name} ${encode(value)}`)
      .join(",");
    const answer = await this.#send("POST", this.endpoint, {
      "Upload-Length": String(this.file.size),
      "Upload-Metadata": header,
    });
    this.#check(answer);
    this.location = answer.getResponseHeader("Location");
    localStorage.setItem(this.key, this.location);
    return 0;
  }

  async #piece() {
    const body = this.file.slice(this.sent, this.sent + CHUNK);
    if (this.sent + body.size >= this.file.size) this.checking = true;
    const answer = await this.#send(
      "PATCH",
      this.location,
      { "Upload-Offset": String(this.sent), "Content-Type": "application/offset+octet-stream" },
      body,
    );
    this.#check(answer);
    return answer;
  }

  #check(answer) {
    if (answer.status < 300) return;
    // 409 and 423: somebody else moved the file, ask again where it stands. 500, 502, 504: the
    // server is being restarted. What carries one of our sentences is final.
    if ([409, 423, 500, 502, 504].includes(answer.status)) throw new Error("again");
    let message = `上传被拒绝（${answer.status}），请刷新页面后重试。`;
    try {
      message = JSON.parse(answer.responseText).error || message;
    } catch {
      // not one of our answers: keep the general sentence
    }
    throw new Refused(message);
  }

  #send(method, url, headers = {}, body = null) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open(method, url);
      const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
      const all = { ...VERSION, "X-CSRFToken": token, Accept: "application/json", ...headers };
      for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => body && this.#draw(this.sent + event.loaded);
      request.onload = () => resolve(request);
      request.onerror = () => reject(new Error("line"));
      request.onabort = () => reject(new Paused());
      request.send(body);
    });
  }

  #draw(bytes) {
    const share = Math.min(1, bytes / this.file.size);
    this.bar.value = share * 100;
    const speed = (bytes - this.beganAt) / ((performance.now() - this.began) / 1000);
    const rest = left((this.file.size - bytes) / speed);
    if (share >= 1) this.#say("已全部上传，正在检查文件…");
    else this.#say(`${size(bytes)} / ${size(this.file.size)} · ${Math.floor(share * 100)}% · ${rest}`);
  }

  #done(target) {
    localStorage.removeItem(this.key);
    this.running = false;
    this.#say("上传完成，正在打开视频页面…");
    globalThis.location.assign(target);
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new Upload(form);
