// Reads a fake site with clients that others wrote. Arguments: port, client certificate, key. Prints a JSON object.

const fs = require("fs");
const https = require("https");

const [port, certificate, key] = process.argv.slice(2);

async function interact() {
  const QrsInteract = require("qrs-interact");
  const qrs = new QrsInteract({
    hostname: "localhost",
    portNumber: Number(port),
    certificates: { certFile: certificate, keyFile: key },
    repoAccount: "UserDirectory=INTERNAL;UserId=sa_repository",
  });
  const get = async (path) => (await qrs.Get(path)).body;
  const names = await get("app?filter=name sw 'Sales'");
  const created = await qrs.Post("tag", { name: "by qrs-interact" }, "json");
  const changed = { ...created.body, name: "renamed" };
  const updated = await qrs.Put(`tag/${created.body.id}`, changed);
  const stale = await qrs.Put(`tag/${created.body.id}`, changed).then(() => "accepted", String);
  const deleted = await qrs.Delete(`tag/${created.body.id}`);
  const table = await qrs.Post(
    "app/object/table?skip=0&take=5&sortColumn=id&orderAscending=true",
    { entity: "App.Object", columns: [{ name: "id", columnType: "Property", definition: "id" }] },
    "json",
  );
  // As public scripts that change the owner of app objects do.
  const sheets = (await get("app/object?filter=objectType eq 'sheet'")).slice(0, 3);
  const items = sheets.map((sheet) => ({ type: "App.Object", objectID: sheet.id }));
  const selection = (await qrs.Post("selection", { items }, "json")).body;
  const owner = (await get("user"))[1].id;
  const edited = await qrs.Put(`selection/${selection.id}/app/object/synthetic`, {
    latestModifiedDate: new Date().toISOString(),
    type: "App.Object",
    properties: [{ name: "owner", value: owner, valueIsDifferent: false, valueIsModified: true }],
  });
  const selected = await get(`selection/${selection.id}/app/object/full`);
  const removed = await qrs.Delete(`selection/${selection.id}`);
  return {
    selected: selected.length,
    owned: selected.every((sheet) => sheet.owner.id === owner),
    edited: edited.statusCode,
    removed: removed.statusCode,
    version: (await get("about")).buildVersion,
    apps: (await get("app/full")).length,
    count: (await get("app/object/count")).value,
    sales: names.map((app) => app.name),
    updated: updated.body.name,
    stale,
    deleted: deleted.statusCode,
    rows: table.body.rows.length,
  };
}

async function repoApi() {
  const { QlikRepoApi } = require("qlik-repo-api");
  const httpsAgent = new https.Agent({
    rejectUnauthorized: false,
    cert: fs.readFileSync(certificate),
    key: fs.readFileSync(key),
  });
  const repo = new QlikRepoApi.client({
    host: "localhost",
    port: Number(port),
    httpsAgent,
    authentication: { user_dir: "INTERNAL", user_name: "sa_repository" },
  });
  const apps = await repo.apps.getAll();
  const sales = await repo.apps.getFilter({ filter: "name sw 'Sales'" });
  const app = await repo.apps.get({ id: apps[0].details.id });
  const selection = await repo.selections.create({ area: "app", filter: "name sw 'Sales'" });
  const selected = await selection.data({ path: "app/full" });
  return {
    version: (await repo.about.get()).buildVersion,
    apps: apps.length,
    sales: sales.map((app) => app.details.name),
    first: app.details.name,
    selected: selected.map((app) => app.name),
    unselected: await selection.remove(),
    streams: (await repo.streams.getAll()).length,
    users: (await repo.users.getAll()).length,
    tags: (await repo.tags.getAll()).length,
    extensions: (await repo.extensions.getAll()).length,
    libraries: (await repo.contentLibraries.getAll()).length,
    nodes: (await repo.nodes.getAll()).length,
    rules: (await repo.systemRules.getAll()).length,
    connections: (await repo.dataConnections.getAll()).length,
    properties: (await repo.customProperties.getAll()).length,
  };
}

(async () => {
  const result = { interact: await interact(), repoApi: await repoApi() };
  console.log(JSON.stringify(result));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
