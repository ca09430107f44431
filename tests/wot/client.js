// A stock WoT client uses a gateway: from the address of the directory alone, with no code of ours in between.
// Prints what happened as one JSON line.
const assert = require("node:assert");
const Ajv = require("ajv");
const addFormats = require("ajv-formats");
const { Servient } = require("@node-wot/core");
const { HttpClientFactory } = require("@node-wot/binding-http");
const schema = require("wot-thing-description-types/schema/td-json-schema-validation.json");

const ajv = addFormats(new Ajv({ strict: false, formats: { "iri-reference": true } }));
const validate = ajv.compile(schema);

function checked(description) {
  assert.ok(validate(description), JSON.stringify(validate.errors));
  return description;
}

async function several(count, start) {
  const found = [];
  let subscription;
  await new Promise((resolve, reject) => {
    const take = async (output) => {
      found.push(await output.value());
      if (found.length === count) resolve();
    };
    start(take, reject).then((made) => { subscription = made; }, reject);
  });
  await subscription.stop();
  return found;
}

async function main(origin) {
  const servient = new Servient();
  servient.addClientFactory(new HttpClientFactory());
  const wot = await servient.start();
  const said = {};

  const directory = checked(await wot.requestThingDescription(`${origin}/.well-known/wot`));
  said.items = directory.links.map((link) => link.href);
  const things = await (await (await wot.consume(directory)).readProperty("things")).value();
  said.things = things.map((one) => checked(one).title);

  const description = await wot.requestThingDescription(`${origin}/api/v1/things/vehicle`);
  const thing = await wot.consume(checked(description));
  said.battery = await (await thing.readProperty("battery")).value();
  const all = await thing.readAllProperties();
  said.properties = [...all.keys()].sort();
  said.observed = await several(3, (take, fail) => thing.observeProperty("battery", take, fail));
  const lamp = await (await thing.invokeAction("lamp", { level: 40 })).value();
  said.lamp = [lamp.name, lamp.arguments, lamp.state];
  said.readings = (await several(2, (take, fail) => thing.subscribeEvent("reading", take, fail)))
    .map((reading) => reading.device);
  try {
    await thing.invokeAction("lamp", { level: 4000 });
  } catch (error) {
    said.refused = error.message;
  }
  const laboratory = await wot.consume(
    await wot.requestThingDescription(`${origin}/api/v1/things/laboratory`));
  const test = await (await laboratory.invokeAction("self_test")).value();
  said.withoutInput = [test.name, test.state];
  await servient.shutdown();
  console.log(JSON.stringify(said));
  process.exit(0);
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
