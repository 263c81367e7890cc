/*
 * The player: adaptive playback, controls, captions, resume, a transcript that follows.
 *
 * Progressive: without this script the page holds a plain <video controls> with one MP4. It knows
 * nothing of study records. What others may use, all on the <video> element:
 *   data-max-rate          highest playback rate
 *   data-first-rate        a lower one until the lesson is completed (required study)
 *   data-resume-ms         where to begin; #t=192 in the address wins
 *   data-no-forward-seek   nothing beyond data-seek-limit-ms may be jumped to
 *   data-says-…            what it says when a limit is met; {rate} is filled in
 *   "study:state"  in      detail {coveredUntilMs, maxRate, completed}: moves these limits
 *   "player:notice" out    detail {text, kind}: a sentence for the line under the player
 *   "player:ready"  out    controls stand, playback can begin
 */

const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2];
const NATURAL_STEP = 1.5; // seconds between two timeupdates that are still plain playing
const SEEK_SLACK = 1;
const READING_MS = 4000; // the transcript does not scroll while somebody scrolls it

const WORDS = {
  restart: "重新播放", rewind: "后退 {seektime} 秒", play: "播放", pause: "暂停",
  fastForward: "前进 {seektime} 秒", seek: "播放进度", seekLabel: "{currentTime}，共 {duration}",
  played: "已播放", buffered: "已缓冲", currentTime: "当前时间", duration: "总时长",
  volume: "音量", mute: "静音", unmute: "取消静音", enableCaptions: "显示字幕",
  disableCaptions: "隐藏字幕", enterFullscreen: "全屏", exitFullscreen: "退出全屏",
  frameTitle: "{title}", captions: "字幕", settings: "设置", pip: "画中画", menuBack: "返回",
  speed: "倍速", normal: "正常", quality: "清晰度", loop: "循环", reset: "重置",
  disabled: "关闭", enabled: "开启", qualityLabel: { 0: "自动" },
};

function tell(video, name, detail = {}) {
  video.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}

const loading = new Map();

/** Load a classic script once. */
function script(url) {
  if (!loading.has(url)) {
    loading.set(url, new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = url;
      element.onload = resolve;
      element.onerror = () => reject(new Error(url));
      document.head.append(element);
    }));
  }
  return loading.get(url);
}

/** Seconds named by #t=192 or #t=3:12 in the address, or null. */
function addressed() {
  const match = /(?:^#|&)t=([\d:.]+)/.exec(location.hash);
  if (!match) return null;
  const seconds = match[1].split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number.isFinite(seconds) ? seconds : null;
}

class Limits {
  /** Keeps rate and position of a <video> within what its data attributes allow. */
  constructor(video) {
    this.video = video;
    this.furthest = Math.max(this.#attribute("seekLimitMs"), this.#attribute("resumeMs")) / 1000;
    this.last = 0;
    this.firstRate = Number(video.dataset.firstRate) || this.fullRate;
    video.addEventListener("ratechange", () => this.#rate());
    video.addEventListener("timeupdate", () => this.#played());
    video.addEventListener("seeking", () => this.#sought());
    video.addEventListener("study:state", (event) => {
      const until = Number(event.detail?.coveredUntilMs) / 1000;
      if (until > this.furthest) this.furthest = until;
      // The session's own word counts; what is completed is no first view any more.
      if (event.detail?.completed) this.firstRate = this.fullRate;
      else if (event.detail?.maxRate) this.firstRate = event.detail.maxRate;
      this.#rate();
    });
  }

  /** What the lesson itself allows: the menu offers no more. */
  get fullRate() {
    return Number(this.video.dataset.maxRate) || 2;
  }

  /** What is allowed now. */
  get maxRate() {
    return Math.min(this.firstRate, this.fullRate);
  }

  get bound() {
    return "noForwardSeek" in this.video.dataset;
  }

  #attribute(name) {
    return Number(this.video.dataset[name]) || 0;
  }

  /** The nearest allowed position to the one asked for, in seconds. */
  allowed(seconds) {
    if (!this.bound || seconds <= this.furthest + SEEK_SLACK) return Math.max(0, seconds);
    return this.furthest;
  }

  /** Allow a second that an address names: search leads to where a sentence is said, also on a
   *  first view. What lies before stays unseen, so the server completes nothing by it. */
  open(seconds) {
    this.furthest = Math.max(this.furthest, seconds);
  }

  #rate() {
    if (this.video.playbackRate <= this.maxRate) return;
    const words = this.maxRate < this.fullRate ? "saysFirstRate" : "saysMaxRate";
    const text = this.video.dataset[words].replace("{rate}", this.maxRate);
    this.video.playbackRate = this.maxRate;
    tell(this.video, "player:notice", { kind: "rate", text });
  }

  #played() {
    const now = this.video.currentTime;
    const step = now - this.last;
    if (!this.video.seeking && step >= 0 && step < NATURAL_STEP * this.video.playbackRate) {
      this.furthest = Math.max(this.furthest, now);
    }
    this.last = now;
  }

  #sought() {
    const wanted = this.video.currentTime;
    const kept = this.allowed(wanted);
    this.last = kept;
    if (kept === wanted) return;
    this.video.currentTime = kept;
    tell(this.video, "player:notice", { kind: "seek", text: this.video.dataset.saysNoSeek });
  }
}

class Transcript {
  /** Marks the cue that is being said and keeps it in sight. */
  constructor(video) {
    this.video = video;
    this.cues = [...document.querySelectorAll(".transcript [data-seek]")].map((button) => ({
      start: Number(button.dataset.seek),
      item: button.closest("li") || button,
    }));
    this.list = this.cues[0]?.item.closest(".transcript");
    this.current = null;
    this.touched = 0;
    if (!this.list) return;
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.list.addEventListener(name, () => (this.touched = performance.now()), { passive: true });
    }
    video.addEventListener("timeupdate", () => this.follow());
    video.addEventListener("seeked", () => this.follow());
  }

  follow() {
    const now = this.video.currentTime + 0.05;
    let found = null;
    for (const cue of this.cues) {
      if (cue.start > now) break;
      found = cue;
    }
    if (found === this.current) return;
    this.current?.item.removeAttribute("aria-current");
    this.current = found;
    if (!found) return;
    found.item.setAttribute("aria-current", "true");
    if (performance.now() - this.touched > READING_MS) this.#reveal(found.item);
  }

  #reveal(item) {
    // Only the list scrolls: scrollIntoView would move the page under the reader.
    const above = item.offsetTop - this.list.offsetTop - this.list.clientHeight / 3;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.list.scrollTo({ top: above, behavior: calm ? "auto" : "smooth" });
  }
}

/**
 * A loader of hls.js that takes only whole pieces. A browser's cache that holds a part of a piece
 * may hand on that part and call it done; hls.js gives it to the decoder, which fails.
 */
function whole(Loader) {
  return class extends Loader {
    load(context, config, callbacks) {
      const wanted = context.rangeEnd ? context.rangeEnd - context.rangeStart : null;
      const onSuccess = (response, stats, of, details) => {
        const short = wanted !== null && response.data.byteLength !== wanted;
        if (short) callbacks.onError({ code: 0, text: "short" }, of, details, stats);
        else callbacks.onSuccess(response, stats, of, details);
      };
      super.load(context, config, { ...callbacks, onSuccess });
    }
  };
}

class Player {
  constructor(box) {
    this.box = box;
    this.video = box.querySelector("video");
    this.limits = new Limits(this.video);
    this.transcript = new Transcript(this.video);
    this.hls = null;
    this.skin = null;
  }

  async start() {
    const wanted = addressed();
    const resume = Number(this.video.dataset.resumeMs) / 1000 || 0;
    if (wanted !== null) this.limits.open(wanted);
    const begin = wanted ?? resume;
    await this.#prepare(begin).catch(() => {});
    // The skin comes before the source: it copies the element, and a copied blob address fails.
    await this.#dress();
    if (this.hls) this.hls.attachMedia(this.video);
    else if (this.#native()) this.#source(this.video.dataset.master, begin);
    else this.#plain(begin);
    this.#listen();
    this.box.dataset.state = "ready";
    tell(this.video, "player:ready");
  }

  #noticeSeek() {
    tell(this.video, "player:notice", { kind: "seek", text: this.video.dataset.saysNoSeek });
  }

  /** hls.js wherever Media Source exists: it alone offers a choice of quality. */
  async #prepare(begin) {
    if (!window.MediaSource && !window.ManagedMediaSource) return;
    await script(this.box.dataset.hls);
    if (!window.Hls?.isSupported()) return;
    this.hls = new window.Hls({
      loader: whole(window.Hls.DefaultConfig.loader),
      workerPath: this.box.dataset.hlsWorker,
      startPosition: begin || -1,
      capLevelToPlayerSize: true,
      maxBufferLength: 30,
      backBufferLength: 60,
    });
    this.#survive(begin);
    await new Promise((resolve) => {
      this.hls.once(window.Hls.Events.MANIFEST_PARSED, resolve);
      this.hls.once(window.Hls.Events.ERROR, resolve);
      this.video.querySelector("source")?.remove();
      this.hls.loadSource(this.video.dataset.master);
    });
  }

  #native() {
    if (window.MediaSource || window.ManagedMediaSource) return false;
    return this.video.canPlayType("application/vnd.apple.mpegurl") !== "";
  }

  /** One try to recover a decoder; anything else that is fatal ends in the plain MP4. */
  #survive(begin) {
    let recovered = false;
    this.hls.on(window.Hls.Events.ERROR, (_name, data) => {
      if (!data.fatal || !this.hls) return;
      if (data.response?.code === 410 || data.response?.code === 403) {
        tell(this.video, "player:notice", { kind: "expired", text: this.video.dataset.saysExpired });
      } else if (data.type === window.Hls.ErrorTypes.NETWORK_ERROR && !navigator.onLine) {
        // What was loaded plays on; the rest is fetched when there is a line again.
        addEventListener("online", () => this.hls?.startLoad(), { once: true });
      } else if (data.type === window.Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        this.hls.recoverMediaError();
      } else {
        const at = this.video.currentTime || begin;
        this.hls.destroy();
        this.hls = null;
        this.#plain(at);
      }
    });
  }

  #source(url, begin) {
    this.video.querySelector("source")?.remove();
    this.video.src = url;
    this.#beginAt(begin);
  }

  #plain(begin) {
    if (this.video.getAttribute("src") !== this.video.dataset.fallback) {
      this.#source(this.video.dataset.fallback, begin);
    }
  }

  #beginAt(seconds) {
    if (!seconds) return;
    this.video.preload = "metadata";
    const jump = () => (this.video.currentTime = seconds);
    if (this.video.readyState >= 1) jump();
    else this.video.addEventListener("loadedmetadata", jump, { once: true });
  }

  /** The skin; without it the browser's own controls stay. */
  async #dress() {
    try {
      await script(this.box.dataset.plyr);
    } catch {
      return;
    }
    if (!window.Plyr) return;
    this.skin = new window.Plyr(this.video, {
      iconUrl: this.box.dataset.plyrIcons,
      blankVideo: "",
      i18n: WORDS,
      duration: Number(this.video.dataset.durationMs) / 1000 || null,
      seekTime: 10,
      captions: { active: true, language: this.#language(), update: true },
      speed: { selected: 1, options: RATES.filter((rate) => rate <= this.limits.fullRate) },
      quality: this.#quality(),
      keyboard: { focused: true, global: false },
      tooltips: { controls: false, seek: true },
      storage: { enabled: true, key: "player" },
      controls: ["play-large", "play", "rewind", "progress", "current-time", "duration", "mute",
        "volume", "captions", "settings", "fullscreen"],
      settings: ["captions", "quality", "speed"],
      fullscreen: { enabled: true, fallback: true, iosNative: true },
    });
    // Plyr remembers a rate between lessons; this lesson may allow less.
    this.skin.once("ready", () => {
      if (this.video.playbackRate > this.limits.maxRate) this.skin.speed = 1;
    });
  }

  /** Language of the default captions; Plyr compares it with the tracks letter by letter. */
  #language() {
    const tracks = [...this.video.querySelectorAll("track")];
    return (tracks.find((track) => track.default) || tracks[0])?.srclang || "auto";
  }

  #quality() {
    const heights = this.hls ? this.hls.levels.map((level) => Math.min(level.width, level.height)) : [];
    if (heights.length < 2) return { default: 0, options: [0] };
    return {
      default: 0,
      options: [0, ...heights.toSorted((a, b) => b - a)],
      forced: true,
      onChange: (height) => {
        if (this.hls) this.hls.nextLevel = height ? heights.indexOf(height) : -1;
      },
    };
  }

  /** Jump to a second, as far as allowed, and play. */
  seek(seconds) {
    const target = this.limits.allowed(seconds);
    if (target !== seconds) this.#noticeSeek();
    if (this.video.readyState >= 1) this.video.currentTime = target;
    else this.#beginAt(target);
    this.video.play().catch(() => {}); // a browser that forbids it leaves the big play button
  }

  #listen() {
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-seek]") : null;
      if (button) this.seek(Number(button.dataset.seek));
    });
    addEventListener("hashchange", () => {
      const wanted = addressed();
      if (wanted === null) return;
      this.limits.open(wanted);
      this.seek(wanted);
      this.box.scrollIntoView({ block: "nearest" });
    });
  }
}

for (const box of document.querySelectorAll("[data-player]")) {
  const player = new Player(box);
  player.start();
}
