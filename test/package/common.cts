/** A CommonJS application in TypeScript: require() of both doors, without decorators. */
import signalbox = require("signalbox");
import door = require("signalbox/tsyringe");

class Pinged extends signalbox.Event("net.pinged")<{ count: number }> {}

async function main(): Promise<void> {
  const seen: number[] = [];
  const bus = signalbox.createBus({ container: door.tsyringe(door.container) });
  bus.on(Pinged, { name: "pings" }, (event) => void seen.push(event.count));
  await bus.start();
  await (await bus.publish(new Pinged({ count: 7 }))).settled();
  await bus.close();
  console.log(`required ${seen.join()}`);
}

void main();
