/*
 * Passkeys: a button that asks this device for one and puts its answer into the form.
 *
 *   <form data-passkey="create|get" data-options-url="…">
 *     <input type="hidden" name="credential">
 *     <button type="button" data-passkey-start hidden>…</button>
 *     <p data-passkey-trouble hidden>…</p>   said when the device cannot, or the person will not
 *   </form>
 *
 * The challenge is fetched when the button is pressed, so that it is fresh however long one reads.
 */

const decode = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (credentials) => (credentials || []).map((one) => ({ ...one, id: decode(one.id) }));

/** The server's options, with bytes where the browser wants bytes. */
function prepared(kind, { publicKey }) {
  const options = { ...publicKey, challenge: decode(publicKey.challenge) };
  if (kind === "create") {
    options.user = { ...publicKey.user, id: decode(publicKey.user.id) };
    options.excludeCredentials = known(publicKey.excludeCredentials);
  } else {
    options.allowCredentials = known(publicKey.allowCredentials);
  }
  return { publicKey: options };
}

/** The browser's answer as the JSON of the WebAuthn standard. */
function answer(credential) {
  const { response } = credential;
  const parts = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (response[name]) parts[name] = encode(response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response: parts,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function options(url) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "",
    },
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-start]");
  const trouble = form.querySelector("[data-passkey-trouble]");
  const able = window.isSecureContext && "credentials" in navigator && window.PublicKeyCredential;
  button.hidden = !able;
  for (const part of form.querySelectorAll("[data-passkey-able]")) part.hidden = !able;
  for (const part of form.querySelectorAll("[data-passkey-unable]")) part.hidden = Boolean(able);
  button.addEventListener("click", async () => {
    const kind = form.dataset.passkey;
    trouble.hidden = true;
    button.disabled = true;
    try {
      const asked = prepared(kind, await options(form.dataset.optionsUrl));
      const credential = await navigator.credentials[kind](asked);
      form.elements.credential.value = answer(credential);
      form.submit();
    } catch {
      trouble.hidden = false; // cancelled, timed out, or nothing on this device fits
    } finally {
      button.disabled = false;
    }
  });
}
