// The description of the HTTP interface, drawn by Swagger UI from openapi.json; nothing is asked of other hosts.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
});
