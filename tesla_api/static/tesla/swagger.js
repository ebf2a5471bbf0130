// Starts Swagger UI. "Try it out" sends the token of the Authorize dialog, else the browser's session with its CSRF token.
"use strict";

(() => {
  const { schema, settings, csrf } = document.currentScript.dataset;
  SwaggerUIBundle({
    ...JSON.parse(settings),
    url: schema,
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    requestInterceptor(request) {
      const own = new URL(request.url, location.href).origin === location.origin;
      if (own && !["GET", "HEAD", undefined].includes(request.method)) request.headers["X-CSRFToken"] = csrf;
      return request;
    },
  });
})();
