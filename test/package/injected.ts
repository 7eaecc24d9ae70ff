/** Injection by type through tsyringe: legacy decorators with metadata, against the packed tarball. */
import { container, injectable, tsyringe } from "signalbox/tsyringe";
// The door above loads reflect-metadata and so comes first.
import { Bus, createBus, Event, On, Subscriber } from "signalbox";

class SignedUp extends Event("user.signed-up")<{ email: string }> {}

@injectable()
class Mailer {
  readonly sent: string[] = [];
}

@Subscriber({ name: "welcome" })
class Welcome {
  constructor(
    private readonly mailer: Mailer,
    private readonly bus: Bus,
  ) {}

  @On(SignedUp, { name: "greet" })
  greet(event: SignedUp): void {
    this.mailer.sent.push(`${event.email} ${this.bus instanceof Bus}`);
  }
}

container.registerSingleton(Mailer);
const bus = createBus({ container: tsyringe(container), subscribers: [Welcome] });
await bus.start();
await (await bus.publish(new SignedUp({ email: "ada@example.org" }))).settled();
await bus.close();
console.log(container.resolve(Mailer).sent.join());
