// Starts ReDoc, which is loaded after this script, and keeps it within the page's content security policy.
"use strict";

(() => {
  const { schema, styleNonce } = document.currentScript.dataset;

  // The style sheets that ReDoc makes while it runs carry the nonce of this answer.
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (...words) {
    const made = create.apply(this, words);
    if (made instanceof HTMLStyleElement) made.nonce = styleNonce;
    return made;
  };

  // ReDoc's menu ends in an image of another host, which it leaves out when that cannot be loaded: it is told so at once.
  const own = (address) => address.startsWith("data:") || new URL(address, location.href).origin === location.origin;
  const refuse = (image) => queueMicrotask(() => image.dispatchEvent(new Event("error")));
  const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...source,
    set(address) { own(address) ? source.set.call(this, address) : refuse(this); },
  });
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    name !== "src" || own(value) ? Element.prototype.setAttribute.call(this, name, value) : refuse(this);
  };

  addEventListener("DOMContentLoaded", () => {
    Redoc.init(schema, { nonce: styleNonce, expandResponses: "200,201" }, document.getElementById("redoc"));
  });
})();
