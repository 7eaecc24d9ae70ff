/** A CommonJS application in JavaScript. */
const { createBus, Event } = require("signalbox");
const { tsyringe, container } = require("signalbox/tsyringe");

class Pinged extends Event("net.pinged") {}

async function main() {
  const bus = createBus({ container: tsyringe(container) });
  let pings = 0;
  bus.on(Pinged, { name: "pings" }, () => void (pings += 1));
  await bus.start();
  await (await bus.publish(new Pinged())).settled();
  await bus.close();
  console.log(`plain ${pings}`);
}

void main();
